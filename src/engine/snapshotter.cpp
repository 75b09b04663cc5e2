#include "engine/snapshotter.h"

#include <chrono>

#include "engine/recovery.h"
#include "engine/snapshot.h"
#include "store/thread_name.h"

namespace dibs::engine {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(500);
// The newest, and the one before it in case the newest turns out damaged.
constexpr std::size_t kSnapshotsKept = 2;

}  // namespace

void Snapshotter::start() {
  thread_ = std::thread([this] { run(); });
}

void Snapshotter::stop() {
  stopping_ = true;
  bell_.ring();
  if (thread_.joinable()) thread_.join();
}

void Snapshotter::run() {
  store::name_thread("dibs-snapshot");
  while (!stopping_) {
    work();
    bell_.wait_for(kLookEvery);
  }
}

void Snapshotter::work() {
  const std::uint64_t written = parts_.bytes_before + parts_.journal.bytes_appended();
  if (written - covered_ < parts_.every_bytes) return;
  take();
  covered_ = written;
}

void Snapshotter::take() {
  const Position upto = parts_.committer.durable().position;
  // The first record read is folded in before it can be seen to lie behind `upto`.
  if (parts_.after_last && upto <= parts_.after_last->before.position) return;
  RecoverOptions options{.beside_server = true, .from = parts_.after_last};
  options.visit = [&](const Record& record) { return record.head.position < upto && !stopping_; };
  auto recovered = recover(parts_.disk, parts_.dir, options);
  if (stopping_) return;
  if (!recovered) return parts_.warn("no snapshot was made: " + recovered.error().what);
  const auto written = write_snapshot(
      parts_.disk, parts_.dir, {.at = recovered->last, .sales = std::move(recovered->sales)});
  if (!written) return parts_.warn("no snapshot was made: " + written.error().what);
  parts_.after_last = recovered->next;
  // The names of the journal's files lie in the same directory: what a sync of it that failed has
  // lost, a sync for a new segment would not hear of.
  if (auto synced = parts_.disk.sync_directory(parts_.dir); !synced) {
    return parts_.failure.report(to_text(synced.error()));
  }
  if (auto pruned = prune_snapshots(parts_.disk, parts_.dir, kSnapshotsKept); !pruned) {
    parts_.warn("old snapshots were left: " + to_text(pruned.error()));
  }
}

}  // namespace dibs::engine

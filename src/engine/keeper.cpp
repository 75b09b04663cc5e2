#include "engine/keeper.h"

#include <chrono>

#include "store/thread_name.h"

namespace dibs::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What may be lost unnoticed in a power cut that also destroys committed sectors.
constexpr Duration kMarkEvery = seconds(1);
// Nothing new is durable: the sign of life alone is worth a flush less often. It only lengthens
// holds by that much more after a power cut.
constexpr Duration kIdleSyncEvery = seconds(10);
// At 50 MB/s of journal, 1 MiB at a time: well inside JournalOptions::zeros_ahead_bytes.
constexpr Duration kLookEvery = milliseconds(20);
constexpr Duration kIdleLookEvery = milliseconds(500);

bool passed(Duration since, Duration now, Duration length) {
  return since == Duration::min() || now - since >= length;
}

}  // namespace

void Keeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Keeper::stop() {
  stopping_ = true;
  bell_.ring();
  if (thread_.joinable()) thread_.join();
}

void Keeper::run() {
  store::name_thread("dibs-keeper");
  std::uint64_t seen = 0;
  while (!stopping_ && !parts_.failure.failed()) {
    work();
    const std::uint64_t appended = parts_.journal.bytes_appended();
    bell_.wait_for(appended == seen ? kIdleLookEvery : kLookEvery);
    seen = appended;
  }
}

void Keeper::work() {
  if (parts_.failure.failed()) return;
  keep_zeros();
  keep_mark();
  parts_.journal.regain_space();
}

void Keeper::keep_zeros() {
  while (!stopping_ && !parts_.failure.failed()) {
    const auto more = parts_.journal.write_zeros();
    if (!more) return parts_.failure.report(to_text(more.error()));
    if (!*more) return;
  }
}

void Keeper::keep_mark() {
  const Duration now = parts_.clock.monotonic();
  if (!passed(marked_at_, now, kMarkEvery)) return;
  const ChainPoint durable = parts_.committer.durable();
  const bool sync = durable.position != synced_position_ || passed(synced_at_, now, kIdleSyncEvery);
  if (auto done = parts_.mark.write(durable, parts_.clock.now(), false, sync); !done) {
    return parts_.failure.report(to_text(done.error()));
  }
  marked_at_ = now;
  if (sync) {
    synced_at_ = now;
    synced_position_ = durable.position;
  }
}

void Keeper::write_clean_end() {
  // Both slots, one durable before the other is begun: until the next start either may be lost.
  for (int slot = 0; slot < 2 && !parts_.failure.failed(); ++slot) {
    const auto done = parts_.mark.write(parts_.committer.durable(), parts_.clock.now(), true, true);
    if (!done) parts_.failure.report(to_text(done.error()));
  }
}

}  // namespace dibs::engine

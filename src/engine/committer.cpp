#include "engine/committer.h"

#include <algorithm>

#include "base/assert.h"
#include "store/thread_name.h"

namespace dibs::engine {

Committer::Committer(Parts parts, ChainPoint last, std::uint64_t epoch)
    : parts_(std::move(parts)), epoch_(epoch), durable_(last) {}

Committer::~Committer() { stop(); }

void Committer::start() {
  thread_ = std::thread([this] { run(); });
}

void Committer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) return thread_.join();
  work();
}

std::unique_ptr<Batch> Committer::hand_over(std::unique_ptr<Batch> batch) {
  std::unique_ptr<Batch> spare;
  {
    const std::scoped_lock lock(mutex_);
    DIBS_ASSERT(!incoming_);
    incoming_ = std::move(batch);
    spare = std::move(spare_);
    busy_ = true;
  }
  changed_.notify_all();
  DIBS_ASSERT(spare);
  return spare;
}

void Committer::wait_idle() {
  if (!thread_.joinable()) return work();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !busy_.load(); });
}

ChainPoint Committer::durable() const {
  const std::scoped_lock lock(mutex_);
  return durable_;
}

void Committer::run() {
  store::name_thread("dibs-committer");
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return incoming_ || stopping_; });
      if (!incoming_) return;
    }
    work();
  }
}

void Committer::work() {
  std::unique_ptr<Batch> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch = std::move(incoming_);
  }
  if (!batch) return;
  commit(*batch);
  {
    const std::scoped_lock lock(mutex_);
    spare_ = std::move(batch);
    busy_ = false;
  }
  changed_.notify_all();
  parts_.on_idle();
}

void Committer::commit(Batch& batch) {
  if (parts_.failure.failed()) return fail(batch);
  if (auto written = write(batch); !written) {
    fail(batch);
    parts_.failure.report(to_text(written.error()));
    return;
  }
  publish(batch);
  batch.give_answers(nullptr);
  batch.clear_payload();
  // After the answers, so that nobody waits for it; before the next commit, which needs it.
  if (auto reserved = parts_.journal.reserve(); !reserved) {
    parts_.failure.report(to_text(reserved.error()));
  }
}

void Committer::fail(Batch& batch) {
  // Raised before anybody is answered, so that no later request is taken up as if nothing were.
  parts_.failure.raise();
  batch.give_answers(&parts_.failure.fault());
  batch.clear_payload();
}

DiskResult<void> Committer::write(Batch& batch) {
  const Duration begun = parts_.clock.monotonic();
  const ChainPoint next = seal(batch.record(), durable(), epoch_, parts_.clock.now());
  if (auto done = parts_.journal.append(batch.record(), next.position, parts_.sync); !done) {
    return done;
  }
  {
    const std::scoped_lock lock(mutex_);
    durable_ = next;
  }
  const std::int64_t took = (parts_.clock.monotonic() - begun).count();
  counters_.commits.fetch_add(1, std::memory_order_relaxed);
  counters_.events.fetch_add(batch.event_count, std::memory_order_relaxed);
  counters_.last_commit_at_ns = to_ns(parts_.clock.now());
  counters_.last_commit_ns = took;
  counters_.slowest_commit_ns = std::max(counters_.slowest_commit_ns.load(), took);
  return {};
}

void Committer::publish(Batch& batch) {
  for (const Batch::Change& change : batch.changes) {
    parts_.views.set(change.view);
    for (store::EventListener* listener : parts_.listeners) {
      listener->on_events(change.view, change.events);
    }
  }
}

}  // namespace dibs::engine

#include "base/worker.h"

#include <algorithm>

namespace dibs {

Worker::Worker(const Clock& clock, Drive drive) : clock_(clock) {
  if (drive == Drive::thread) thread_ = std::thread([this] { run(); });
}

Worker::~Worker() { stop(); }

bool Worker::later(const Entry& a, const Entry& b) {
  return a.when != b.when ? a.when > b.when : a.number > b.number;
}

void Worker::at(Duration when, Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    heap_.push_back({when, given_++, std::move(task)});
    std::ranges::push_heap(heap_, later);
  }
  changed_.notify_one();
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  // Tasks hold answers and streams; they go now, on the caller's thread, outside the lock.
  std::vector<Entry> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(heap_);
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (heap_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Duration wait = heap_.front().when - clock_.monotonic();
    if (wait > Duration(0)) {
      changed_.wait_for(lock, wait);
      continue;
    }
    run_next(lock);
  }
}

void Worker::run_next(std::unique_lock<std::mutex>& lock) {
  std::ranges::pop_heap(heap_, later);
  Task task = std::move(heap_.back().task);
  heap_.pop_back();
  lock.unlock();
  task();
  task = nullptr;  // what it holds goes outside the lock
  lock.lock();
}

void Worker::step() {
  std::unique_lock lock(mutex_);
  while (!heap_.empty() && heap_.front().when <= clock_.monotonic()) run_next(lock);
}

}  // namespace dibs

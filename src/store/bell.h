#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace dibs::store {

/// Wakes one sleeping thread, which waits here or, with set_waker(), on something else. Rings while
/// it is awake cost one atomic exchange, so a busy thread is woken once per batch and not once per
/// request.
class Bell {
 public:
  /// Any thread. The sleeper's next (or present) wait returns at once.
  void ring() noexcept {
    if (rung_.exchange(true)) return;
    if (waker_) return waker_();
    {
      // The sleeper is before its look at `rung_` or already asleep, not in between.
      const std::scoped_lock lock(mutex_);
    }
    // Not under the lock: the woken thread would run into it and have to be woken once more.
    sleeper_.notify_one();
  }

  /// The one sleeper. Returns after a ring since the last return, or when `longest` has passed;
  /// true: it was rung.
  bool wait_for(std::chrono::nanoseconds longest) {
    std::unique_lock lock(mutex_);
    sleeper_.wait_for(lock, longest, [&] { return rung_.load(); });
    return rung_.exchange(false);
  }

  /// Before the first ring: the sleeper sleeps elsewhere, `waker` wakes it there (once, until it
  /// calls answer()), from any thread and without blocking.
  void set_waker(std::function<void()> waker) { waker_ = std::move(waker); }
  /// The sleeper, awake, with a waker: whatever rings from now on wakes it again.
  void answer() { rung_ = false; }

 private:
  std::function<void()> waker_;
  std::atomic<bool> rung_{false};
  std::mutex mutex_;
  std::condition_variable sleeper_;
};

}  // namespace dibs::store

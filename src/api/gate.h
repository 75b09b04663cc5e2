#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace dibs::api {

/// Lets calls from threads that outlive an object in only while the object lives. May be entered
/// again by the thread that is inside.
class Gate {
 public:
  /// Shuts it and waits until everybody inside has left. Not from inside.
  void shut() {
    std::unique_lock lock(mutex_);
    shut_ = true;
    left_.wait(lock, [this] { return inside_ == 0; });
  }

  /// `call` as a callback that does nothing once the gate is shut.
  template <class Call>
  static auto guard(std::shared_ptr<Gate> gate, Call call) {
    return [gate = std::move(gate), call = std::move(call)](auto&&... arguments) mutable {
      if (!gate->enter()) return;
      call(std::forward<decltype(arguments)>(arguments)...);
      gate->leave();
    };
  }

 private:
  bool enter() {
    const std::lock_guard lock(mutex_);
    if (shut_) return false;
    ++inside_;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) left_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;
  bool shut_ = false;
};

}  // namespace dibs::api

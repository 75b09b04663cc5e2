#pragma once

#include <atomic>

#include "http/sockets.h"

namespace dibs::http {

/// Wakes a loop out of epoll_wait. Ringing is free while the loop is awake: only a loop that has
/// said it goes to sleep costs the ringer a system call.
class Doorbell {
 public:
  Doorbell();

  /// The descriptor that becomes readable when a sleeping loop is rung.
  [[nodiscard]] const Fd& fd() const { return event_; }

  /// Any thread. What the caller wrote before it is seen by the loop after its next awake().
  void ring();

  /// The loop, before it may block: false when it was rung since the last awake(), so it must not.
  [[nodiscard]] bool may_sleep();
  /// The loop, after epoll_wait: takes note of all rings so far. `readable`: fd() was returned.
  void awake(bool readable);

 private:
  enum State : int { kAwake, kAsleep, kRung };

  Fd event_;
  std::atomic<int> state_{kAwake};
};

}  // namespace dibs::http

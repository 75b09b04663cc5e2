#pragma once

#include <cstdint>

#include "base/stamp.h"

namespace dibs::http {

/// What one loop has promised about the order of arrival, and the stamps it may still give.
///
/// The loop notes the time before each epoll_wait. Once everything that call returned has been read
/// dry and handed out, no request that was readable at that time is left, and the time is
/// published: every later request has a later stamp. The kernel stamps a packet shortly before its
/// socket becomes readable, so a packet can be stamped before the noted time and be found only
/// after; its request is moved to just behind the promise and counted. Two requests can change
/// places by that only when both were inside the kernel at the same time. One thread.
class ArrivalPromise {
 public:
  ArrivalPromise(std::uint32_t loop, WatermarkListener& listener)
      : loop_(loop), listener_(listener) {}

  struct Given {
    Stamp stamp;
    bool moved = false;  ///< it would have broken the promise and was put behind it
  };
  /// The stamp of a request that arrived at `arrived`. Requests whose times are equal keep the
  /// order of these calls.
  [[nodiscard]] Given give(Instant arrived);

  /// Promises `upto`, unless that or more is promised already.
  void publish(Instant upto);
  /// The same at the end of a round that began at `began`, when all it found was handed out.
  void end_round(Instant began);

  /// Whether every request handed out so far is covered by the promise; while one is not, somebody
  /// waits for the next promise and the loop must not sleep.
  [[nodiscard]] bool settled() const { return latest_ <= promised_; }

 private:
  std::uint32_t loop_;
  WatermarkListener& listener_;
  std::uint64_t given_ = 0;
  Instant promised_ = Instant::min();
  Instant latest_ = Instant::min();  ///< the latest stamp given
};

}  // namespace dibs::http

#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/fd.h"

namespace dibs::load {

/// epoll, edge-triggered: a descriptor is added once and reports both directions under its tag.
class Poller {
 public:
  Poller();

  /// False when the kernel has no room for it.
  [[nodiscard]] bool add(int fd, std::uint32_t tag);

  /// Waits at most `timeout_ns` (0: only looks). The events are valid until the next call.
  [[nodiscard]] std::span<const epoll_event> wait(std::int64_t timeout_ns);

 private:
  static constexpr std::size_t kEventsMax = 256;

  Fd epoll_;
  std::array<epoll_event, kEventsMax> events_{};
};

}  // namespace dibs::load

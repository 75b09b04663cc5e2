#include "load/poller.h"
#include "load/units.h"

#include <time.h>

#include <algorithm>

#include "base/assert.h"

namespace dibs::load {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { DIBS_ASSERT(epoll_.valid()); }

bool Poller::add(int fd, std::uint32_t tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP;
  event.data.u32 = tag;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

std::span<const epoll_event> Poller::wait(std::int64_t timeout_ns) {
  const std::int64_t ns = std::max<std::int64_t>(timeout_ns, 0);
  const timespec timeout{ns / kNsPerSecond, ns % kNsPerSecond};
  const int count = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                 &timeout, nullptr);
  return std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)));
}

}  // namespace dibs::load

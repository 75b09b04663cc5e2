#include "redis/link.h"

#include <poll.h>

#include <optional>
#include <utility>

namespace dibs::redis {

Link::Link(const Address& address, Duration patience, const Clock& clock)
    : shown_(address.shown()), patience_(patience), clock_(clock), connection_(address, clock) {}

Result<void> Link::call(const std::vector<std::string>& words,
                        std::move_only_function<Result<void>(const redisReply& reply)> use) {
  constexpr int kLookEveryMs = 50;
  if (!connection_.is_open()) connection_.open();
  std::optional<Result<void>> done;
  connection_.call(words, [&](Result<const redisReply*> reply) {
    if (reply) {
      done = use(**reply);
    } else {
      done = fault(FaultKind::unavailable, reply.error().what, reply.error().remedy);
    }
  });
  const Duration until = clock_.monotonic() + patience_;
  while (!done) {
    if (clock_.monotonic() > until) {
      connection_.close({FaultKind::unavailable, shown_ + " does not answer.",
                         "Look whether that is a Redis server, and what it does."});
      continue;  // the call has been told
    }
    pollfd one{connection_.fd(), connection_.wanted_events(), 0};
    if (::poll(&one, 1, kLookEveryMs) > 0) connection_.ready(one.revents);
  }
  return *std::move(done);
}

}  // namespace dibs::redis

#include "redis/survey.h"

#include <poll.h>

#include <chrono>

#include "redis/fields.h"
#include "redis/server_connection.h"

namespace dibs::redis {

Result<ServerFacts> survey(const Address& address, Duration patience, const Clock& clock) {
  constexpr int kLookEveryMs = 50;
  ServerFacts facts;
  bool complete = false;
  ServerConnection connection(address, clock);
  connection.open();
  connection.call({"INFO", "everything"}, [&](Result<const redisReply*> reply) {
    if (reply) add_info(text_of(**reply).value_or(""), facts);
  });
  connection.call(words_of_config_get(), [&](Result<const redisReply*> reply) {
    if (!reply) return;
    add_config(**reply, facts);
    complete = true;
  });
  const Duration until = clock.monotonic() + patience;
  while (!complete && connection.is_open()) {
    if (clock.monotonic() > until) {
      return fault(FaultKind::unavailable, address.shown() + " does not answer.",
                   "Look whether that is a Redis server, and what it does.");
    }
    pollfd one{connection.fd(), connection.wanted_events(), 0};
    if (::poll(&one, 1, kLookEveryMs) > 0) connection.ready(one.revents);
  }
  if (!complete) return std::unexpected(connection.why_closed());
  return facts;
}

}  // namespace dibs::redis

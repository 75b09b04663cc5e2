#include "redis/survey.h"

#include "redis/fields.h"
#include "redis/link.h"

namespace dibs::redis {

Result<ServerFacts> survey(const Address& address, Duration patience, const Clock& clock) {
  ServerFacts facts;
  Link link(address, patience, clock);
  auto asked = link.call({"INFO", "everything"}, [&](const redisReply& reply) -> Result<void> {
    if (reply.type == REDIS_REPLY_ERROR) return std::unexpected(refused_info(reply));
    add_info(text_of(reply).value_or(""), facts);
    return {};
  });
  if (asked) {
    asked = link.call(words_of_watchers(), [&](const redisReply& reply) -> Result<void> {
      add_watchers(reply, facts);
      return {};
    });
  }
  if (asked) {
    asked = link.call(words_of_config_get(), [&](const redisReply& reply) -> Result<void> {
      add_config(reply, facts);
      return {};
    });
  }
  if (!asked) return std::unexpected(asked.error());
  return facts;
}

}  // namespace dibs::redis

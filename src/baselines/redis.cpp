#include "baselines/redis.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <charconv>

namespace dibs::baselines {
namespace {

timeval timeval_of(Duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {us / 1'000'000, us % 1'000'000};
}

std::string_view bytes_of(const redisReply& reply) { return {reply.str, reply.len}; }

}  // namespace

void Redis::Freed::operator()(redisContext* context) const { redisFree(context); }
void Redis::Freed::operator()(redisReply* reply) const { freeReplyObject(reply); }

Result<Redis> Redis::open(const std::string& host, std::uint16_t port, Duration patience) {
  Redis redis(redisConnectWithTimeout(host.c_str(), port, timeval_of(patience)));
  if (redis.context_ == nullptr || redis.context_->err != 0) {
    const std::string why = redis.context_ == nullptr ? "no memory" : redis.context_->errstr;
    return fault(FaultKind::unavailable,
                 "No Redis answers at " + host + ":" + std::to_string(port) + ": " + why + ".",
                 "Start redis-server there, or name the address of one that runs.");
  }
  redisSetTimeout(redis.context_.get(), timeval_of(patience));
  return redis;
}

Redis::Reply Redis::ask(Words words) {
  if (lost()) return nullptr;
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  Reply reply(static_cast<redisReply*>(redisCommandArgv(
      context_.get(), static_cast<int>(starts.size()), starts.data(), sizes.data())));
  if (reply == nullptr) {
    why_lost_ = std::string("Redis does not answer: ") + context_->errstr;
  } else if (reply->type == REDIS_REPLY_ERROR) {
    why_lost_ = std::string("Redis refuses: ").append(bytes_of(*reply));
    reply.reset();
  }
  return reply;
}

std::int64_t Redis::number(Words words) {
  const Reply reply = ask(words);
  if (reply == nullptr) return 0;
  if (reply->type == REDIS_REPLY_INTEGER) return reply->integer;
  std::int64_t value = 0;
  if (reply->type == REDIS_REPLY_STRING) {
    const std::string_view digits = bytes_of(*reply);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
  }
  return value;
}

bool Redis::done(Words words) {
  const Reply reply = ask(words);
  return reply != nullptr && reply->type == REDIS_REPLY_STATUS;
}

std::optional<std::string> Redis::text(Words words) {
  const Reply reply = ask(words);
  if (reply == nullptr || reply->type != REDIS_REPLY_STRING) return std::nullopt;
  return std::string(bytes_of(*reply));
}

}  // namespace dibs::baselines

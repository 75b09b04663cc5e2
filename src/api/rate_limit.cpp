#include "api/rate_limit.h"

#include <algorithm>
#include <functional>
#include <random>

namespace dibs::api {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::uint64_t mixed(std::uint64_t x) {  // the finisher of SplitMix64
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

RateLimiter::RateLimiter(std::uint32_t per_second, std::uint32_t seconds_at_once)
    : per_second_(per_second), ahead_max_ns_(kNsPerSecond * seconds_at_once) {
  std::random_device random;
  seed_ = (static_cast<std::uint64_t>(random()) << 32U) | random();
  if (per_second_ > 0) buckets_.resize(kSets * kWays);
}

RateLimiter::Bucket& RateLimiter::bucket_of(std::uint64_t hash, std::int64_t now_ns) {
  Bucket* const set = &buckets_[(hash % kSets) * kWays];
  Bucket* oldest = set;
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set[way].caller_hash == hash) return set[way];
    if (set[way].free_at_ns < oldest->free_at_ns) oldest = &set[way];
  }
  *oldest = Bucket{.caller_hash = hash, .free_at_ns = now_ns};
  return *oldest;
}

// The bucket is kept as the moment at which it is full again: each request moves that moment by
// 1/N seconds, and it may lie at most one second (N requests) ahead, or as many as may come at
// once.
std::optional<Duration> RateLimiter::refuse(std::string_view caller, Duration now) {
  if (per_second_ == 0) return std::nullopt;
  const auto hash = mixed(std::hash<std::string_view>{}(caller) ^ seed_) | 1U;
  const std::int64_t cost = kNsPerSecond / per_second_;
  const std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(hash, now.count());
  const std::int64_t free_at = std::max(bucket.free_at_ns, now.count()) + cost;
  const std::int64_t ahead = free_at - now.count() - ahead_max_ns_;
  if (ahead > 0) return Duration(ahead);
  bucket.free_at_ns = free_at;
  return std::nullopt;
}

}  // namespace dibs::api

#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace dibs::api {

/// A token bucket for each caller: `per_second` requests a second, those of `seconds_at_once` at
/// once.
/// Memory is fixed: kSets sets of kWays buckets; the bucket unused for longest makes room, so a
/// flood of callers makes the limiter forgetful, never larger. Thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(std::uint32_t per_second, std::uint32_t seconds_at_once = 1);

  /// Takes one request from the bucket of `caller` at `now` (monotonic). Nothing when it was there,
  /// else how long until the next one is.
  [[nodiscard]] std::optional<Duration> refuse(std::string_view caller, Duration now);

 private:
  struct Bucket {
    std::uint64_t caller_hash = 0;  ///< 0: unused
    std::int64_t free_at_ns = 0;    ///< when the bucket will be full again
  };

  static constexpr std::size_t kSets = 16'384;
  static constexpr std::size_t kWays = 4;  ///< 65,536 buckets of 16 bytes: 1 MiB

  Bucket& bucket_of(std::uint64_t hash, std::int64_t now_ns);

  std::uint32_t per_second_;
  std::int64_t ahead_max_ns_;
  std::uint64_t seed_;
  std::mutex mutex_;  ///< guards buckets_; held for a few dozen instructions
  std::vector<Bucket> buckets_;
};

}  // namespace dibs::api

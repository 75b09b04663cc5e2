#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace dibs::api {

/// How long answers took, fine enough for percentiles: 16 buckets for each doubling, so what is
/// read is at most 1/16 too high. From 1 us to 16 s; what took longer counts as 16 s. Any thread;
/// 2.7 KiB, one relaxed addition for each answer.
class LatencyHistogram {
 public:
  static constexpr std::size_t kBuckets = 336;
  using Counts = std::array<std::uint64_t, kBuckets>;

  void add(Duration took) { buckets_[bucket_of(took)].fetch_add(1, std::memory_order_relaxed); }
  /// All so far. Answers given meanwhile may be in it or not.
  [[nodiscard]] Counts counts() const;

  [[nodiscard]] static std::size_t bucket_of(Duration took);
  /// The longest time that falls into the bucket.
  [[nodiscard]] static Duration upper_bound(std::size_t bucket);
  /// The time that `share` (0 to 1) of what came between two looks did not exceed; nothing when
  /// nothing came.
  [[nodiscard]] static std::optional<Duration> percentile(const Counts& before, const Counts& after,
                                                          double share);

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
};

}  // namespace dibs::api

#include "api/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dibs::api {
namespace {

constexpr unsigned kSubBits = 4;  // 16 buckets for each doubling
constexpr std::uint64_t kSub = std::uint64_t{1} << kSubBits;
constexpr std::uint64_t kMicrosMax = (std::uint64_t{1} << 24U) - 1;

}  // namespace

// Below 16 us a bucket for each; from there the exponent and the four bits behind the leading one.
std::size_t LatencyHistogram::bucket_of(Duration took) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto micros = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(whole, 0, static_cast<std::int64_t>(kMicrosMax)));
  if (micros < kSub) return micros;
  const auto shift = static_cast<unsigned>(std::bit_width(micros)) - kSubBits - 1;
  return shift * kSub + (micros >> shift);
}
static_assert(LatencyHistogram::kBuckets == (24 - kSubBits - 1) * kSub + 2 * kSub);

Duration LatencyHistogram::upper_bound(std::size_t bucket) {
  if (bucket < kSub) return std::chrono::microseconds(bucket + 1);
  const auto shift = bucket / kSub - 1;
  const auto leading = bucket % kSub + kSub;
  return std::chrono::microseconds((leading + 1) << shift);
}

LatencyHistogram::Counts LatencyHistogram::counts() const {
  Counts counts{};
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts[i] = buckets_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

std::optional<Duration> LatencyHistogram::percentile(const Counts& before, const Counts& after,
                                                     double share) {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) all += after[i] - before[i];
  if (all == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += after[i] - before[i];
    if (seen >= rank && seen > 0) return upper_bound(i);
  }
  return upper_bound(kBuckets - 1);
}

}  // namespace dibs::api

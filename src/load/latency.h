#pragma once

#include <cstdint>
#include <vector>

namespace dibs::load {

/// The distribution of a time, in milliseconds, from every sample: nothing was put into buckets.
struct Latency {
  std::uint64_t samples = 0;
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
  double p9999 = 0;
  double max = 0;
};

/// Percentiles by the nearest rank: p of n samples is sample number ceil(p * n), so each figure is
/// a time that somebody really waited. All zero when there is no sample.
[[nodiscard]] Latency latency_of(std::vector<std::int64_t> samples_ns);

/// The sample at `share` (0 < share <= 1) of `sorted`, which must be sorted and not empty.
[[nodiscard]] std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, double share);

/// From `before` to `after` in percent of `before`: 175.76 to 235.38 is +33.92. Zero when both
/// are zero; infinite when only `before` is.
[[nodiscard]] double change_percent(double before, double after);

}  // namespace dibs::load

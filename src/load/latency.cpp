#include "load/latency.h"
#include "load/units.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"

namespace dibs::load {
namespace {}  // namespace

std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, double share) {
  DIBS_ASSERT(!sorted.empty());
  // 0.9999 * 10000 is a hair above 9999 in binary; without the allowance it would become 10000.
  const double rank = std::ceil(share * static_cast<double>(sorted.size()) - 1e-6);
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

Latency latency_of(std::vector<std::int64_t> samples_ns) {
  Latency out;
  if (samples_ns.empty()) return out;
  std::ranges::sort(samples_ns);
  double sum = 0;
  for (const std::int64_t sample : samples_ns) sum += static_cast<double>(sample);
  const auto at = [&](double share) {
    return static_cast<double>(nearest_rank(samples_ns, share)) / kNsPerMs;
  };
  out.samples = samples_ns.size();
  out.mean = sum / static_cast<double>(samples_ns.size()) / kNsPerMs;
  out.p50 = at(0.5);
  out.p90 = at(0.9);
  out.p99 = at(0.99);
  out.p999 = at(0.999);
  out.p9999 = at(0.9999);
  out.max = at(1);
  return out;
}

double change_percent(double before, double after) {
  if (before == after) return 0;
  if (before == 0) return std::numeric_limits<double>::infinity();
  return (after - before) / before * 100;
}

}  // namespace dibs::load

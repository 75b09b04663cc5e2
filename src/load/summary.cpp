#include <algorithm>

#include "load/line_judge.h"
#include "load/run.h"

namespace dibs::load {
namespace {

constexpr double kNsPerSecond = 1e9;

void summarise_latency(Run& run) {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> corrected;
  std::vector<std::int64_t> whole;
  for (auto* samples : {&first, &corrected, &whole}) samples->reserve(run.presses.size());
  for (const Press& press : run.presses) {
    if (press.answered_at_ns != kNever) {
      first.push_back(press.answered_at_ns - press.sent_at_ns);
      corrected.push_back(press.answered_at_ns - press.due_ns);
    }
    if (press.final_at_ns != kNever && press.sent_at_ns != kNever) {
      whole.push_back(press.final_at_ns - press.sent_at_ns);
    }
  }
  run.latency = latency_of(std::move(first));
  run.latency_corrected = latency_of(std::move(corrected));
  run.latency_final = latency_of(std::move(whole));
}

[[nodiscard]] std::int64_t last_moment(const Run& run) {
  std::int64_t last = 0;
  for (const Press& press : run.presses) {
    last = std::max({last, press.final_at_ns, press.answered_at_ns});
  }
  return last;
}

}  // namespace

void summarise(Run& run, std::optional<std::int64_t> border_ns) {
  sort_by_press(run.presses);
  run.outcomes = {};
  run.codes.clear();
  for (const Press& press : run.presses) {
    ++run.outcomes[index_of(press.outcome)];
    if (!press.code.empty()) ++run.codes[press.code];
  }
  const std::int64_t last = last_moment(run);
  run.seconds_total = static_cast<double>(last) / kNsPerSecond;
  run.tps = last > 0 ? static_cast<double>(run.presses.size()) / run.seconds_total : 0;
  summarise_latency(run);
  const Offer offer{run.stock, run.sale_before.line_limit};
  const Border border{border_ns, find_reopening(run.presses, offer)};
  run.fairness = judge_fairness(run.presses, offer, border);
  const std::uint64_t sold = run.count(Outcome::paid);
  run.oversold = sold > run.stock ? sold - run.stock : 0;

  const auto usage = [&](const UsageCurve& curve) {
    return usage_of(curve, 0, last, run.machine.memory_mib);
  };
  run.server_usage = usage(run.usage_curves.server);
  run.redis_usage = usage(run.usage_curves.redis);
  run.tool_usage = usage(run.usage_curves.tool);
}

}  // namespace dibs::load

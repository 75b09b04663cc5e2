#include <algorithm>
#include <iterator>

#include "load/codes.h"
#include "load/line_judge.h"
#include "load/run.h"
#include "load/units.h"

namespace dibs::load {
namespace {

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

/// Units that the buyers of this run may have bought at most: what was held by others at the first
/// press may have come back.
[[nodiscard]] std::uint64_t units_offered(const Run& run) {
  const auto offered =
      static_cast<std::int64_t>(run.stock + run.sale_before.held) + run.units_added();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(offered, 0));
}

/// The order within each gateway. Overtakes are places among those who pressed at the same one.
[[nodiscard]] OrderKept order_within_gateways(const Run& run, const Offer& offer,
                                              const Border& border) {
  OrderKept sum;
  for (std::uint32_t gateway = 0; gateway < run.options.gateways(); ++gateway) {
    std::vector<Press> own;
    std::ranges::copy_if(run.presses, std::back_inserter(own), [&](const Press& press) {
      return run.options.gateway_of(press.buyer) == gateway;
    });
    sum.add(order_of(judge_fairness(own, offer, border)));
  }
  return sum;
}

[[nodiscard]] std::int64_t last_moment(const Run& run) {
  std::int64_t last = 0;
  for (const Press& press : run.presses) {
    last = std::max({last, press.final_at_ns, press.answered_at_ns});
  }
  return last;
}

}  // namespace

std::uint64_t Run::turned_away() const {
  std::uint64_t kept_out = 0;
  for (const auto& [code, number] : codes) kept_out += keeps_out(code) ? number : 0;
  return count(Outcome::refused_early) - std::min(count(Outcome::refused_early), kept_out);
}

OrderKept Run::promised_order() const { return same_gateway.value_or(order_of(fairness)); }

std::uint64_t Run::inversions_across_gateways() const {
  return fairness.inversions - promised_order().inversions;
}

std::int64_t Run::units_added() const {
  if (!sale_after) return 0;
  return static_cast<std::int64_t>(sale_after->total) -
         static_cast<std::int64_t>(sale_before.total);
}

std::int64_t Run::units_missing() const {
  if (!sale_after || !sale_after->stock_shown) return 0;
  return static_cast<std::int64_t>(sale_after->total) - sale_after->available -
         static_cast<std::int64_t>(sale_after->held + sale_after->sold);
}

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
  const bool all_answered =
      std::ranges::none_of(run.presses, [](const Press& p) { return p.answered_at_ns == kNever; });
  run.tps.reset();
  if (all_answered && last > 0) {
    run.tps = static_cast<double>(run.presses.size()) / run.seconds_total;
  }
  summarise_latency(run);
  const auto added = static_cast<std::uint64_t>(std::max<std::int64_t>(run.units_added(), 0));
  const Offer offer{run.stock, run.sale_before.line_limit, added};
  const Border border{border_ns, find_reopening(run.presses, offer)};
  run.fairness = judge_fairness(run.presses, offer, border);
  run.same_gateway.reset();
  if (run.options.gateways() > 1) run.same_gateway = order_within_gateways(run, offer, border);
  const std::uint64_t sold = run.count(Outcome::paid);
  const std::uint64_t offered = units_offered(run);
  run.oversold = sold > offered ? sold - offered : 0;

  const auto usage = [&](const UsageCurve& curve) {
    return usage_of(curve, 0, last, run.machine.memory_mib);
  };
  run.server_usage = usage(run.usage_curves.server);
  run.redis_usage = usage(run.usage_curves.redis);
  run.tool_usage = usage(run.usage_curves.tool);
}

}  // namespace dibs::load

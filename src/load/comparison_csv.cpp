#include "load/comparison.h"
#include "load/words.h"

namespace dibs::load {
namespace {

void append_figure(double value, std::string& out) { out.append(",").append(fixed(value, 6)); }

void append_usage(const std::optional<Usage>& usage, std::string& out) {
  if (!usage) {
    out.append(",,,,,,");
    return;
  }
  for (const double figure : {usage->cpu_seconds, usage->cpu_percent_mean, usage->cpu_percent_peak,
                              usage->rss_mib, usage->rss_mib_mean, usage->rss_share_percent}) {
    append_figure(figure, out);
  }
}

void append_run(const Case& one, std::size_t index, std::string& out) {
  const Run& run = one.runs[index];
  out.append(one.strategy).append(",").append(std::to_string(index + 1));
  for (const std::uint64_t count : run.outcomes) out.append(",").append(std::to_string(count));
  append_figure(run.seconds_total, out);
  append_figure(run.latency_final.mean, out);
  out.push_back(',');
  if (run.tps) out.append(fixed(*run.tps, 6));
  append_figure(run.latency.p50, out);
  append_figure(run.latency.p99, out);
  append_figure(run.fairness.first_come_accuracy, out);
  for (const std::uint64_t count :
       {run.fairness.inversions, run.fairness.max_overtake, run.fairness.last_winner_rank,
        run.fairness.fair_last_rank, run.oversold}) {
    out.append(",").append(std::to_string(count));
  }
  out.append(",").append(std::to_string(run.units_missing()));
  append_usage(run.server_usage, out);
  append_usage(run.redis_usage, out);
  out.append(",").append(std::to_string(run.options.gateways()));
  out.append(",").append(std::to_string(run.promised_order().inversions));
  out.push_back('\n');
}

}  // namespace

std::string to_csv(const Comparison& all) {
  std::string out = "strategy,run";
  for (const OutcomeInfo& outcome : kOutcomes) out.append(",").append(outcome.name);
  out.append(
      ",seconds_total,latency_final_mean_ms,tps,latency_p50_ms,latency_p99_ms,first_come_accuracy,"
      "inversions,max_overtake,last_winner_rank,fair_last_rank,oversold,units_missing");
  for (const std::string who : {"server", "redis"}) {
    for (const char* figure : {"cpu_seconds", "cpu_percent_mean", "cpu_percent_peak", "rss_mib",
                               "rss_mib_mean", "rss_share_percent"}) {
      out.append(",").append(who).append("_").append(figure);
    }
  }
  out.append(",gateways,inversions_same_gateway\n");
  for (const Case& one : all.cases) {
    for (std::size_t i = 0; i < one.runs.size(); ++i) append_run(one, i, out);
  }
  return out;
}

}  // namespace dibs::load

#include "load/comparison.h"

#include <algorithm>

#include "load/latency.h"
#include "load/report.h"

namespace dibs::load {
namespace {

/// The mean of one figure over the runs.
template <class Figure>
[[nodiscard]] double mean_of(const std::vector<Run>& runs, Figure figure) {
  double sum = 0;
  for (const Run& run : runs) sum += static_cast<double>(figure(run));
  return runs.empty() ? 0 : sum / static_cast<double>(runs.size());
}

[[nodiscard]] Latency mean_latency(const std::vector<Run>& runs, Latency Run::* which) {
  const auto mean = [&](double Latency::* figure) {
    return mean_of(runs, [&](const Run& run) { return (run.*which).*figure; });
  };
  Latency out;
  for (const Run& run : runs) out.samples += (run.*which).samples;
  for (auto figure : {&Latency::mean, &Latency::p50, &Latency::p90, &Latency::p99, &Latency::p999,
                      &Latency::p9999, &Latency::max}) {
    out.*figure = mean(figure);
  }
  return out;
}

/// Nothing unless every run has it. Peaks are means of the peaks.
[[nodiscard]] std::optional<Usage> mean_usage(const std::vector<Run>& runs,
                                              std::optional<Usage> Run::* which) {
  if (runs.empty()) return std::nullopt;
  if (!std::ranges::all_of(runs, [&](const Run& r) { return (r.*which).has_value(); })) {
    return std::nullopt;
  }
  Usage out;
  for (auto figure : {&Usage::cpu_seconds, &Usage::cpu_percent_mean, &Usage::cpu_percent_peak,
                      &Usage::rss_mib, &Usage::rss_mib_mean, &Usage::rss_share_percent}) {
    out.*figure = mean_of(runs, [&](const Run& run) { return (*(run.*which)).*figure; });
  }
  return out;
}

void set_fairness(const std::vector<Run>& runs, Means& out) {
  const auto mean = [&](auto figure) {
    return mean_of(runs, [&](const Run& run) { return run.fairness.*figure; });
  };
  out.first_come_accuracy = mean(&Fairness::first_come_accuracy);
  out.inversions = mean(&Fairness::inversions);
  out.max_gap_ms = mean(&Fairness::max_gap_ms);
  out.max_overtake = mean(&Fairness::max_overtake);
  out.last_winner_rank = mean(&Fairness::last_winner_rank);
  out.fair_last_rank = mean(&Fairness::fair_last_rank);
  out.eligible = mean(&Fairness::eligible);
}

[[nodiscard]] Means means_of(const Published& published) {
  Means out;
  out.tps = published.tps;
  out.seconds_total = published.seconds_total;
  out.latency_final.mean = published.seconds_mean;
  return out;
}

}  // namespace

Means means_of(const Case& one) {
  const std::vector<Run>& runs = one.runs;
  Means out;
  std::vector<double> tps;
  for (const Run& run : runs) {
    if (run.tps) tps.push_back(*run.tps);
  }
  if (!tps.empty()) {
    double sum = 0;
    for (const double value : tps) sum += value;
    out.tps = sum / static_cast<double>(tps.size());
  }
  out.seconds_total = mean_of(runs, [](const Run& run) { return run.seconds_total; });
  out.latency = mean_latency(runs, &Run::latency);
  out.latency_final = mean_latency(runs, &Run::latency_final);
  out.latency_corrected = mean_latency(runs, &Run::latency_corrected);
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    out.outcomes[i] = mean_of(runs, [i](const Run& run) { return run.outcomes[i]; });
  }
  set_fairness(runs, out);
  out.same_gateway = mean_of(runs, [](const Run& run) { return run.promised_order().inversions; });
  out.oversold = mean_of(runs, [](const Run& run) { return run.oversold; });
  out.recorded_sold =
      mean_of(runs, [](const Run& run) { return run.sale_after ? run.sale_after->sold : 0; });
  out.units_missing = mean_of(runs, [](const Run& run) { return run.units_missing(); });
  out.server = mean_usage(runs, &Run::server_usage);
  out.redis = mean_usage(runs, &Run::redis_usage);
  out.tool = mean_usage(runs, &Run::tool_usage);
  return out;
}

Change change_between(const Means& before, const Means& after) {
  Change out;
  if (before.tps && after.tps) out.tps = change_percent(*before.tps, *after.tps);
  out.seconds_total = change_percent(before.seconds_total, after.seconds_total);
  out.latency_final_mean = change_percent(before.latency_final.mean, after.latency_final.mean);
  return out;
}

std::uint32_t gateways_of(const Case& one) {
  return one.runs.empty() ? 0 : one.runs.front().options.gateways();
}

std::vector<Sentence> gateway_notes(const Comparison& all) {
  if (all.gateways == 1) return {};
  const std::string number = std::to_string(all.gateways);
  std::vector<Sentence> out = {
      {number + " gateways sell from one Redis, and the buyers are spread over them. Order is "
                "promised at each gateway.",
       "게이트웨이 " + number +
           "개가 하나의 Redis에서 판매하고 구매자는 고르게 나뉩니다. 순서는 게이트웨이별로 "
           "약속합니다."},
      {"Of two that press at different gateways the later may be first in Redis: such pairs count "
       "as overtaken and break no promise.",
       "서로 다른 게이트웨이에서 누르면 나중 사람이 Redis에 먼저 닿을 수 있습니다. 그런 쌍은 "
       "역전으로 세지만 약속 위반은 아닙니다."}};
  for (const Case& one : all.cases) {
    if (gateways_of(one) != 1) continue;
    out.push_back({one.strategy + " has one gateway: it is one process.",
                   one.strategy + "은 한 프로세스이므로 게이트웨이가 하나입니다."});
  }
  return out;
}

std::vector<Sentence> write_back_notes(const Comparison& all) {
  if (all.write_back == "none") return {};
  std::vector<Sentence> out = {
      {"SQL follows the orders of Dibs' own, after the answer (async); the designs of the past "
       "have "
       "no ledger.",
       "Dibs의 주문은 응답 뒤에 SQL 장부가 따라옵니다(async). 과거의 설계에는 장부가 없습니다."}};
  if (all.write_back == "sync") {
    out.push_back(
        {"With -sync each answer waits for it: the change against the row before is what "
         "async is worth, turned round.",
         "-sync는 장부에 적힐 때까지 응답이 기다립니다. 바로 위 행과의 차이가 비동기의 "
         "값어치입니다."});
  }
  return out;
}

const Case* find_case(const Comparison& all, const std::string& strategy) {
  const auto found = std::ranges::find(all.cases, strategy, &Case::strategy);
  return found == all.cases.end() || found->runs.empty() ? nullptr : &*found;
}

Change published_change() {
  return change_between(means_of(kPublishedLock), means_of(kPublishedScript));
}

std::vector<std::string> findings_of(const Case& one, Language language) {
  std::vector<std::string> out;
  // The runs of a case go wrong alike: the one with the most to say speaks for all.
  for (const Run& run : one.runs) {
    auto found = verdict(run, language);
    if (found.size() > out.size()) out = std::move(found);
  }
  return out;
}

int exit_status(const Comparison& all) {
  int status = 0;
  for (const Case& one : all.cases) {
    if (one.broke_down && status == 0) status = 3;
    for (const Run& run : one.runs) {
      if (one.promises) {
        const int own = exit_status(run);
        status = status == 1 || own == 1 ? 1 : std::max(status, own);
      } else if (run.server_lost()) {
        status = status == 1 ? 1 : 3;
      } else if (!run.invalid_because.empty()) {
        status = 1;
      }
    }
  }
  return status;
}

}  // namespace dibs::load

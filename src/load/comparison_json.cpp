#include <chrono>
#include <cmath>

#include "load/comparison.h"
#include "load/run_json.h"
#include "load/words.h"

namespace dibs::load {
namespace {

[[nodiscard]] double six_places(double value) { return std::round(value * 1e6) / 1e6; }

/// Percent of nothing is no number.
void write_percent(JsonWriter& json, std::string_view name, std::optional<double> value) {
  json.key(name);
  if (value && std::isfinite(*value)) {
    json.value(std::round(*value * 100) / 100);
  } else {
    json.null();
  }
}

void write_change(JsonWriter& json, std::string_view name, const std::optional<Change>& change) {
  json.key(name);
  if (!change) {
    json.null();
    return;
  }
  json.begin_object();
  write_percent(json, "tps", change->tps);
  write_percent(json, "seconds_total", change->seconds_total);
  write_percent(json, "latency_final_mean", change->latency_final_mean);
  json.end_object();
}

void write_means(JsonWriter& json, const Means& means) {
  json.member("seconds_total", six_places(means.seconds_total));
  json.key("tps");
  if (means.tps) {
    json.value(six_places(*means.tps));
  } else {
    json.null();
  }
  write_latency(json, "latency_ms", means.latency);
  write_latency(json, "latency_final_ms", means.latency_final);
  write_latency(json, "latency_corrected_ms", means.latency_corrected);
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    json.member(kOutcomes[i].name, six_places(means.outcomes[i]));
  }
  json.end_object();
  json.key("fairness").begin_object();
  json.member("first_come_accuracy", six_places(means.first_come_accuracy));
  json.member("inversions", six_places(means.inversions));
  json.member("max_gap_ms", six_places(means.max_gap_ms));
  json.member("max_overtake", six_places(means.max_overtake));
  json.member("last_winner_rank", six_places(means.last_winner_rank));
  json.member("eligible", six_places(means.eligible));
  json.member("fair_last_rank", six_places(means.fair_last_rank));
  json.member("inversions_same_gateway", six_places(means.same_gateway));
  json.member("inversions_across_gateways", six_places(means.inversions - means.same_gateway));
  json.end_object();
  json.member("oversold", six_places(means.oversold));
  json.member("recorded_sold", six_places(means.recorded_sold));
  json.member("units_missing", six_places(means.units_missing));
  json.key("resources").begin_object();
  write_usage(json, "server", means.server);
  write_usage(json, "redis", means.redis);
  write_usage(json, "tool", means.tool);
  json.end_object();
}

void write_comparison_settings(JsonWriter& json, const Comparison& all) {
  const Options& options = all.options;
  json.key("settings").begin_object();
  json.member("buyers", std::uint64_t{options.buyers}).member("stock", all.stock);
  json.member("connections", std::uint64_t{options.connections});
  json.member("new_connections", options.new_connections);
  json.member("runs", std::uint64_t{all.runs}).member("gateways", std::uint64_t{all.gateways});
  json.member("write_back", all.write_back);
  json.member("entry_failure", options.entry_failure);
  json.member("payment_failure", options.payment_failure);
  json.member("payment_delay_ms",
              std::chrono::duration<double, std::milli>(all.payment_delay).count());
  json.member("queue_seconds", std::chrono::duration<double>(all.queue_limit).count());
  json.member("seed", options.seed).member("started_at", to_rfc3339(all.started)).end_object();
}

void write_published(JsonWriter& json) {
  const auto one = [&json](std::string_view name, const Published& figures) {
    json.key(name).begin_object().member("tps", figures.tps);
    json.member("seconds_total", figures.seconds_total);
    json.member("seconds_mean", figures.seconds_mean).end_object();
  };
  json.key("published").begin_object();
  one("lock", kPublishedLock);
  one("lua", kPublishedScript);
  write_change(json, "change_percent", published_change());
  json.end_object();
}

}  // namespace

std::string to_json(const Comparison& all) {
  JsonWriter json;
  json.begin_object();
  write_comparison_settings(json, all);
  write_machine(json, all.machine);
  json.member("baseline", all.baseline);
  json.key("cases").begin_array();
  const Case* const baseline = find_case(all, all.baseline);
  const Case* before = nullptr;
  for (const Case& one : all.cases) {
    json.begin_object().member("strategy", one.strategy);
    json.member("requests", std::uint64_t{all.options.buyers}).member("stock", all.stock);
    json.member("promises", one.promises);
    json.member("gateways", std::uint64_t{gateways_of(one)});
    json.key("unavailable");
    if (one.unavailable) {
      json.value(one.unavailable->english);
    } else {
      json.null();
    }
    const Means means = means_of(one);
    std::optional<Change> from_baseline;
    std::optional<Change> from_before;
    if (!one.runs.empty()) {
      write_means(json, means);
      if (baseline != nullptr) from_baseline = change_between(means_of(*baseline), means);
      if (before != nullptr) from_before = change_between(means_of(*before), means);
      before = &one;
    }
    json.key("runs").begin_array();
    for (const Run& run : one.runs) write_run(json, run);
    json.end_array();
    write_change(json, "change_percent", from_baseline);
    write_change(json, "change_percent_from_case_before", from_before);
    json.key("findings").begin_array();
    for (const std::string& sentence : findings_of(one, Language::english)) json.value(sentence);
    json.end_array().end_object();
  }
  json.end_array();
  write_published(json);
  json.key("notes").begin_array();
  for (const Sentence& note : write_back_notes(all)) json.value(note.english);
  for (const Sentence& note : gateway_notes(all)) json.value(note.english);
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace dibs::load

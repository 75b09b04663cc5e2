#include <cmath>

#include "load/json_writer.h"
#include "load/report.h"
#include "load/run_json.h"

namespace dibs::load {
namespace {

/// Six decimal places: a microsecond of a second, a nanosecond of a millisecond.
[[nodiscard]] double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace

void write_latency(JsonWriter& json, std::string_view name, const Latency& latency) {
  json.key(name).begin_object();
  json.member("mean", rounded(latency.mean)).member("p50", rounded(latency.p50));
  json.member("p90", rounded(latency.p90)).member("p99", rounded(latency.p99));
  json.member("p999", rounded(latency.p999)).member("p9999", rounded(latency.p9999));
  json.member("max", rounded(latency.max)).end_object();
}

namespace {

void write_outcomes(JsonWriter& json, const Run& run) {
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < kOutcomeCount; ++i) json.member(kOutcomes[i].name, run.outcomes[i]);
  json.end_object();
}

template <class T>
void write_optional(JsonWriter& json, std::string_view name, const std::optional<T>& value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

void write_fairness(JsonWriter& json, const Run& run) {
  const Fairness& fairness = run.fairness;
  json.key("fairness").begin_object();
  json.member("first_come_accuracy", rounded(fairness.first_come_accuracy));
  json.member("inversions", fairness.inversions);
  json.member("max_gap_ms", rounded(fairness.max_gap_ms));
  json.member("max_overtake", fairness.max_overtake);
  json.member("last_winner_rank", fairness.last_winner_rank);
  json.member("eligible", fairness.eligible);
  json.member("fair_last_rank", fairness.fair_last_rank);
  json.member("arrival_inversions", fairness.arrival_inversions);
  json.member("arrival_max_gap_ms", rounded(fairness.arrival_max_gap_ms));
  json.member("arrival_max_overtake", fairness.arrival_max_overtake);
  json.member("arrival_pairs", fairness.arrival_pairs);
  write_optional(json, "border_answered_ns", fairness.border.answered_ns);
  write_optional(json, "border_arrival", fairness.border.arrival);
  json.member("inversions_same_gateway", run.promised_order().inversions);
  json.member("inversions_across_gateways", run.inversions_across_gateways());
  json.end_object();
}

}  // namespace

void write_usage(JsonWriter& json, std::string_view prefix, const std::optional<Usage>& usage) {
  const std::string name(prefix);
  if (!usage) {
    json.key(name + "_cpu_seconds").null();
    json.key(name + "_cpu_percent").begin_object();
    json.key("mean").null().key("peak").null().end_object();
    for (const char* member : {"_rss_mib", "_rss_share_percent", "_rss_mib_mean"}) {
      json.key(name + member).null();
    }
    return;
  }
  json.member(name + "_cpu_seconds", rounded(usage->cpu_seconds));
  json.key(name + "_cpu_percent").begin_object();
  json.member("mean", rounded(usage->cpu_percent_mean));
  json.member("peak", rounded(usage->cpu_percent_peak)).end_object();
  json.member(name + "_rss_mib", rounded(usage->rss_mib));
  json.member(name + "_rss_share_percent", rounded(usage->rss_share_percent));
  json.member(name + "_rss_mib_mean", rounded(usage->rss_mib_mean));
}

namespace {

[[nodiscard]] std::string_view name_of(Pacing pacing) {
  switch (pacing) {
    case Pacing::at_once:
      return "at_once";
    case Pacing::rate:
      return "rate";
    case Pacing::known_order:
      return "known_order";
  }
  return "at_once";
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

[[nodiscard]] std::vector<std::string> english(const std::vector<Sentence>& sentences) {
  std::vector<std::string> out;
  for (const Sentence& sentence : sentences) out.push_back(sentence.english);
  return out;
}

void write_counts(JsonWriter& json, std::string_view name,
                  const std::map<std::string, std::uint64_t>& counts) {
  json.key(name).begin_object();
  for (const auto& [code, count] : counts) json.member(code, count);
  json.end_object();
}

void write_validity(JsonWriter& json, const Run& run) {
  json.member("valid", run.invalid_because.empty());
  write_texts(json, "invalid_because", english(run.invalid_because));
  write_texts(json, "broken_promises", verdict(run));
  json.key("violations").begin_array();
  for (const Violation& violation : run.violations) {
    json.begin_object().member("what", violation.what).member("count", violation.count);
    json.member("example", violation.example).end_object();
  }
  json.end_array();
  write_counts(json, "refusals", run.codes);
  write_counts(json, "later_refusals", run.later_refusals);
  json.key("counters").begin_object();
  for (const auto& [counter, growth] : run.counters) json.member(counter.name, growth);
  json.end_object();
  json.key("notes").begin_object();
  for (const Note& note : run.notes) json.member(note.label.english, note.value.english);
  json.end_object();
}

void write_settings(JsonWriter& json, const Run& run) {
  const Options& options = run.options;
  json.key("settings").begin_object();
  json.member("sale", options.sale).member("sku", run.sale_before.sku);
  json.member("payment", run.sale_before.payment).member("durability", run.sale_before.durability);
  json.member("line_limit", run.sale_before.line_limit);
  json.member("connections", std::uint64_t{options.connections});
  json.member("new_connections", options.new_connections);
  json.member("gateways", std::uint64_t{options.gateways()});
  json.member("pacing", name_of(options.pacing)).member("per_second", options.per_second);
  json.member("entry_failure", options.entry_failure);
  json.member("payment_failure", options.payment_failure);
  json.member("seed", options.seed).end_object();
}

}  // namespace

void write_machine(JsonWriter& json, const Machine& machine) {
  json.key("machine").begin_object();
  json.member("cpu", machine.cpu).member("cores", std::uint64_t{machine.cores});
  json.member("memory_mib", std::round(machine.memory_mib)).member("kernel", machine.kernel);
  json.end_object();
}

void write_run(JsonWriter& json, const Run& run) {
  json.begin_object();
  json.member("strategy", run.options.strategy);
  json.member("requests", std::uint64_t{run.presses.size()}).member("stock", run.stock);
  json.member("seconds_total", rounded(run.seconds_total));
  write_optional(json, "tps", run.tps ? std::optional(rounded(*run.tps)) : std::nullopt);
  write_latency(json, "latency_ms", run.latency);
  write_latency(json, "latency_final_ms", run.latency_final);
  write_latency(json, "latency_corrected_ms", run.latency_corrected);
  write_outcomes(json, run);
  write_fairness(json, run);
  json.member("oversold", run.oversold);
  json.key("resources").begin_object();
  write_usage(json, "server", run.server_usage);
  write_usage(json, "redis", run.redis_usage);
  write_usage(json, "tool", run.tool_usage);
  json.end_object();
  write_validity(json, run);
  json.member("started_at", to_rfc3339(run.started)).member("exchanges", run.exchanges);
  write_settings(json, run);
  write_machine(json, run.machine);
  json.member("units_missing", run.units_missing()).member("over_limit", run.over_limit);
  json.end_object();
}

std::string to_json(const Run& run) {
  JsonWriter json;
  write_run(json, run);
  return json.take() + "\n";
}

}  // namespace dibs::load

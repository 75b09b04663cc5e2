#include "load/comparison_data.h"

#include <chrono>
#include <cmath>
#include <functional>

#include "load/json_writer.h"
#include "load/report.h"
#include "load/report_charts.h"
#include "load/words.h"

namespace dibs::load {
namespace {

/// Points of a memory curve: more than a chart of half a page is wide.
constexpr std::size_t kMemoryPointsMax = 600;

class ComparisonData {
 public:
  ComparisonData(const Comparison& all, Language language) : all_(all), language_(language) {}

  std::string take() {
    json_.begin_object();
    head();
    outcome_names();
    json_.key("cases").begin_array();
    for (const Case& one : all_.cases) write_case(one);
    json_.end_array();
    published();
    json_.end_object();
    return json_.take();
  }

 private:
  void head() {
    const Options& options = all_.options;
    json_.member("language", pick(language_, "en", "ko"));
    json_.member("started_at", to_rfc3339(all_.started));
    json_.member("requests", std::uint64_t{options.buyers}).member("stock", all_.stock);
    json_.member("connections", connection_words(options, language_));
    json_.member("runs", std::uint64_t{all_.runs}).member("baseline", all_.baseline);
    json_.member("gateways", std::uint64_t{all_.gateways});
    write_array(json_, "write_back_notes", write_back_notes(all_),
                [this](const Sentence& note) { return pick(language_, note); });
    write_array(json_, "gateway_notes", gateway_notes(all_),
                [this](const Sentence& note) { return pick(language_, note); });
    json_.member("entry_failure", options.entry_failure);
    json_.member("payment_failure", options.payment_failure);
    json_.member("payment_delay_ms",
                 std::chrono::duration<double, std::milli>(all_.payment_delay).count());
    json_.member("queue_seconds", std::chrono::duration<double>(all_.queue_limit).count());
    json_.member("seed", options.seed).member("status", std::int64_t{exit_status(all_)});
    json_.member("cores", std::uint64_t{all_.machine.cores}).member("cpu", all_.machine.cpu);
    json_.member("kernel", all_.machine.kernel);
    json_.member("memory_gib", std::round(all_.machine.memory_mib / 102.4) / 10);
  }

  void outcome_names() {
    json_.key("outcomes").begin_array();
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
      const auto outcome = static_cast<Outcome>(i);
      json_.begin_object().member("name", info(outcome).name);
      json_.member("label", words_of(outcome, language_));
      json_.member("always", is_always_shown(outcome)).end_object();
    }
    json_.end_array();
  }

  void write_case(const Case& one) {
    json_.begin_object().member("strategy", one.strategy).member("promises", one.promises);
    json_.member("unavailable",
                 one.unavailable ? pick(language_, *one.unavailable) : std::string_view());
    write_array(json_, "findings", findings_of(one, language_), std::identity());
    json_.key("runs").begin_array();
    for (const Run& run : one.runs) write_run_figures(run);
    json_.end_array();
    if (!one.runs.empty()) {
      json_.member("held", all_held(one.runs.front(), language_));
      const Means means = means_of(one);
      json_.key("means");
      write_figures(means);
      changes(one, means);
      json_.key("first");  // the run that is drawn
      json_.begin_object();
      write_charts(json_, one.runs.front(), language_);
      memory(one.runs.front());
      json_.end_object();
    }
    json_.end_object();
  }

  void write_run_figures(const Run& run) {
    Case alone;
    alone.runs.push_back(run);
    json_.begin_object().member("over_limit", run.over_limit).key("figures");
    write_figures(means_of(alone));
    json_.end_object();
  }

  void write_figures(const Means& means) {
    json_.begin_object().member("seconds", means.seconds_total);
    json_.member("average_ms", means.latency_final.mean);
    json_.member("answered_ms", means.latency.mean).member("p99_ms", means.latency.p99);
    json_.key("tps");
    if (means.tps) {
      json_.value(*means.tps);
    } else {
      json_.null();
    }
    write_array(json_, "outcomes", means.outcomes, std::identity());
    json_.member("accuracy", means.first_come_accuracy).member("inversions", means.inversions);
    json_.member("same_gateway", means.same_gateway);
    json_.member("last_winner_rank", means.last_winner_rank);
    json_.member("fair_last_rank", means.fair_last_rank).member("oversold", means.oversold);
    json_.member("recorded_sold", means.recorded_sold);
    json_.member("units_missing", means.units_missing);
    json_.key("usage").begin_array();
    usage("server", pick(language_, "server", "서버"), means.server);
    usage("redis", "Redis", means.redis);
    usage("tool", pick(language_, "test tool", "시험 도구"), means.tool);
    json_.end_array().end_object();
  }

  void usage(std::string_view id, std::string_view who, const std::optional<Usage>& usage) {
    if (!usage) return;
    json_.begin_object().member("id", id).member("who", who);
    json_.member("cpu_seconds", usage->cpu_seconds).member("cpu_mean", usage->cpu_percent_mean);
    json_.member("cpu_peak", usage->cpu_percent_peak).member("rss_mib", usage->rss_mib);
    json_.member("rss_mean", usage->rss_mib_mean).member("rss_share", usage->rss_share_percent);
    json_.end_object();
  }

  void changes(const Case& one, const Means& means) {
    json_.key("changes").begin_array();
    const Case* const baseline = find_case(all_, all_.baseline);
    if (baseline != nullptr && baseline != &one) change(*baseline, means);
    if (before_ != nullptr && before_ != baseline) change(*before_, means);
    json_.end_array();
    before_ = &one;
  }

  void change(const Case& from, const Means& means) {
    json_.begin_object().member("from", from.strategy);
    write_change(change_between(means_of(from), means));
    json_.end_object();
  }

  /// Percent of nothing is no number.
  void write_change(const Change& change) {
    const auto percent = [this](std::string_view name, std::optional<double> value) {
      json_.key(name);
      if (value && std::isfinite(*value)) {
        json_.value(*value);
      } else {
        json_.null();
      }
    };
    percent("seconds", change.seconds_total);
    percent("average", change.latency_final_mean);
    percent("tps", change.tps);
  }

  void memory(const Run& run) {
    json_.key("memory").begin_array();
    const auto curve = [&](std::string_view id, const UsageCurve& usage) {
      std::vector<UsageSample> shown;
      const std::size_t step = usage.samples.size() / kMemoryPointsMax + 1;
      for (std::size_t i = 0; i < usage.samples.size(); i += step) {
        if (usage.samples[i].at_ns >= 0) shown.push_back(usage.samples[i]);
      }
      if (shown.empty()) return;
      json_.begin_object().member("id", id);
      write_array(json_, "ms", shown, [](const UsageSample& s) {
        return std::round(static_cast<double>(s.at_ns) / 1e5) / 10;
      });
      write_array(json_, "mib", shown,
                  [](const UsageSample& s) { return std::round(s.rss_mib * 100) / 100; });
      json_.end_object();
    };
    curve("server", run.usage_curves.server);
    curve("redis", run.usage_curves.redis);
    json_.end_array();
  }

  void published() {
    json_.key("published").begin_array();
    for (const auto& [name, figures] :
         {std::pair("lock", kPublishedLock), std::pair("lua", kPublishedScript)}) {
      json_.begin_object().member("strategy", name).member("seconds", figures.seconds_total);
      json_.member("average", figures.seconds_mean).member("tps", figures.tps).end_object();
    }
    json_.end_array();
    json_.key("published_change").begin_object();
    write_change(published_change());
    json_.end_object();
  }

  const Comparison& all_;
  Language language_;
  JsonWriter json_{JsonWriter::Style::compact};
  const Case* before_ = nullptr;  ///< the one before that was measured
};

}  // namespace

std::string comparison_data(const Comparison& all, Language language) {
  return ComparisonData(all, language).take();
}

}  // namespace dibs::load

#include "load/report_data.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "load/json_writer.h"
#include "load/violation_words.h"
#include "load/words.h"

namespace dibs::load {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr std::size_t kStripMin = 40;
constexpr std::size_t kStripMax = 120;
constexpr std::size_t kStripAfterLast = 8;  ///< cells shown behind the last winner
constexpr std::int64_t kAnswerBins = 120;
constexpr std::size_t kCurveMax = 2'000;  ///< points of a line: more than a screen is wide

[[nodiscard]] double ms_of(std::int64_t ns) {
  return std::round(static_cast<double>(ns) / kNsPerMs * 1e3) / 1e3;
}

template <class Range, class Project>
void write_array(JsonWriter& json, std::string_view name, const Range& range, Project project) {
  json.key(name).begin_array();
  for (const auto& element : range) json.value(std::invoke(project, element));
  json.end_array();
}

class ReportData {
 public:
  ReportData(const Run& run, Language language) : run_(run), language_(language) {}

  std::string take() {
    json_.begin_object();
    head();
    verdicts();
    outcomes();
    fairness();
    latency();
    strip();
    scatter();
    percentiles();
    stock_curve();
    answers();
    usage();
    details();
    json_.end_object();
    return json_.take();
  }

 private:
  [[nodiscard]] std::string_view say(std::string_view english, std::string_view korean) const {
    return pick(language_, english, korean);
  }

  void head() {
    json_.member("language", pick(language_, "en", "ko"));
    json_.member("title", run_.sale_before.title).member("strategy", run_.options.strategy);
    json_.member("started_at", to_rfc3339(run_.started));
    json_.member("requests", std::uint64_t{run_.presses.size()}).member("stock", run_.stock);
    json_.member("paid", run_.count(Outcome::paid)).member("oversold", run_.oversold);
    json_.member("seconds_total", run_.seconds_total);
    json_.key("tps");
    if (run_.tps) {
      json_.value(*run_.tps);
    } else {
      json_.null();
    }
    json_.member("connections", connection_words(run_.options, language_));
  }

  void verdicts() {
    write_array(json_, "verdict", verdict(run_, language_), std::identity());
    write_array(json_, "invalid", run_.invalid_because,
                [this](const Sentence& s) { return pick(language_, s); });
    json_.member("all_held", all_held(run_, language_));
    json_.key("violations").begin_array();
    const bool korean = language_ == Language::korean;
    for (const Violation& violation : run_.violations) {
      json_.begin_object().member(
          "what", korean ? violation_in_korean(violation.what) : std::string_view(violation.what));
      json_.member("count", violation.count);
      json_.member("example", violation.example).end_object();
    }
    json_.end_array();
  }

  void outcomes() {
    json_.key("outcomes").begin_array();
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
      const auto outcome = static_cast<Outcome>(i);
      json_.begin_object().member("name", info(outcome).name);
      json_.member("label", words_of(outcome, language_)).member("count", run_.outcomes[i]);
      json_.member("always", is_always_shown(outcome)).end_object();
    }
    json_.end_array();
  }

  void fairness() {
    const Fairness& fairness = run_.fairness;
    json_.key("fairness").begin_object();
    json_.member("first_come_accuracy", fairness.first_come_accuracy);
    json_.member("inversions", fairness.inversions).member("max_gap_ms", fairness.max_gap_ms);
    json_.member("max_overtake", fairness.max_overtake);
    json_.member("last_winner_rank", fairness.last_winner_rank);
    json_.member("fair_last_rank", fairness.fair_last_rank).member("eligible", fairness.eligible);
    json_.member("arrival_inversions", fairness.arrival_inversions);
    json_.member("arrival_pairs", fairness.arrival_pairs);
    json_.member("border", border_words(fairness.border, language_)).end_object();
  }

  void latency() {
    json_.key("latency").begin_array();
    for (const Latency* entry : {&run_.latency, &run_.latency_corrected, &run_.latency_final}) {
      json_.begin_object().member("mean", entry->mean).member("p50", entry->p50);
      json_.member("p90", entry->p90).member("p99", entry->p99).member("p999", entry->p999);
      json_.member("p9999", entry->p9999).member("max", entry->max).end_object();
    }
    json_.end_array();
  }

  void strip() {
    const std::uint64_t last =
        std::max(run_.fairness.last_winner_rank, run_.fairness.fair_last_rank) + kStripAfterLast;
    const std::size_t cells =
        std::min(std::clamp<std::size_t>(last, kStripMin, kStripMax), run_.presses.size());
    json_.key("strip").begin_array();
    for (std::size_t i = 0; i < cells; ++i) {
      const Press& press = run_.presses[i];
      json_.begin_object().member("press", std::uint64_t{i + 1});
      json_.member("outcome", info(press.outcome).name);
      json_.member("label", words_of(press.outcome, language_)).end_object();
    }
    json_.end_array();
  }

  void scatter() {
    const std::size_t step = run_.presses.size() / kScatterMax + 1;
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < run_.presses.size(); ++i) {
      const Press& press = run_.presses[i];
      if (press.final_at_ns == kNever) continue;
      if (i % step == 0 || press.given) shown.push_back(i);
    }
    json_.key("scatter").begin_object();
    write_array(json_, "press", shown, [](std::size_t i) { return std::uint64_t{i + 1}; });
    write_array(json_, "ms", shown, [this](std::size_t i) {
      return ms_of(run_.presses[i].final_at_ns - run_.presses[i].sent_at_ns);
    });
    write_array(json_, "outcome", shown,
                [this](std::size_t i) { return std::uint64_t{index_of(run_.presses[i].outcome)}; });
    json_.end_object();
  }

  /// Shares at equal steps of "nines": 6 points from 0 to 90 %, 6 from there to 99 %, and so on.
  void percentiles() {
    std::vector<std::int64_t> first;
    std::vector<std::int64_t> corrected;
    std::vector<std::int64_t> whole;
    for (const Press& press : run_.presses) {
      if (press.answered_at_ns == kNever || press.final_at_ns == kNever) continue;
      first.push_back(press.answered_at_ns - press.sent_at_ns);
      corrected.push_back(press.answered_at_ns - press.due_ns);
      whole.push_back(press.final_at_ns - press.sent_at_ns);
    }
    std::vector<double> shares;
    const double nines = std::log10(std::max<double>(static_cast<double>(first.size()), 10));
    for (double x = 0; x <= nines + 1e-9; x += 1.0 / 6) shares.push_back(1 - std::pow(10, -x));
    json_.key("percentiles").begin_object();
    write_array(json_, "share", shares, std::identity());
    write_percentiles("first", std::move(first), shares);
    write_percentiles("corrected", std::move(corrected), shares);
    write_percentiles("final", std::move(whole), shares);
    json_.end_object();
  }

  void write_percentiles(std::string_view name, std::vector<std::int64_t> samples,
                         const std::vector<double>& shares) {
    std::ranges::sort(samples);
    write_array(json_, name, shares, [&](double share) {
      return samples.empty() ? 0.0 : ms_of(nearest_rank(samples, share));
    });
  }

  void stock_curve() {
    std::vector<StockSample> curve;
    const std::size_t step = run_.stock_curve.size() / kCurveMax + 1;
    for (std::size_t i = 0; i < run_.stock_curve.size(); ++i) {
      if (i % step == 0 || i + 1 == run_.stock_curve.size()) curve.push_back(run_.stock_curve[i]);
    }
    // The stream tells what changes: the last word holds to the end of the run.
    if (!curve.empty()) {
      StockSample end = curve.back();
      end.at_ns = std::max(end.at_ns, static_cast<std::int64_t>(run_.seconds_total * 1e9));
      curve.push_back(end);
    }
    json_.key("stock_curve").begin_object();
    write_array(json_, "ms", curve, [](const auto& s) { return std::max(ms_of(s.at_ns), 0.0); });
    write_array(json_, "available", curve, &StockSample::available);
    write_array(json_, "held", curve, &StockSample::held);
    write_array(json_, "sold", curve, &StockSample::sold);
    write_array(json_, "waiting", curve, &StockSample::waiting);
    json_.end_object();
  }

  void answers() {
    const auto end = static_cast<std::int64_t>(run_.seconds_total * 1e9) + 1;
    const std::int64_t bin = std::max<std::int64_t>(end / kAnswerBins + 1, 1'000'000);
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(end / bin) + 1);
    for (const std::int64_t at : run_.answered_ns) {
      const auto index = static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, end) / bin);
      ++counts[index];
    }
    json_.key("answers").begin_object().member("bin_ms", ms_of(bin));
    json_.key("ms").begin_array();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      json_.value(ms_of(static_cast<std::int64_t>(i) * bin + bin / 2));
    }
    json_.end_array();
    write_array(json_, "count", counts, std::identity());
    json_.end_object();
  }

  void usage() {
    const auto& curves = run_.usage_curves;
    json_.key("usage").begin_array();
    write_usage(say("Server", "서버"), run_.server_usage);
    write_usage("Redis", run_.redis_usage);
    write_usage(say("This tool", "시험 도구"), run_.tool_usage);
    json_.end_array();
    json_.key("cpu").begin_array();
    write_cpu(say("server", "서버"), curves.server);
    write_cpu("Redis", curves.redis);
    write_cpu(say("this tool", "시험 도구"), curves.tool);
    json_.end_array();
  }

  void write_usage(std::string_view who, const std::optional<Usage>& usage) {
    if (!usage) return;
    json_.begin_object().member("who", who).member("cpu_seconds", usage->cpu_seconds);
    json_.member("cpu_mean", usage->cpu_percent_mean).member("cpu_peak", usage->cpu_percent_peak);
    json_.member("rss_mib", usage->rss_mib).member("rss_share", usage->rss_share_percent);
    json_.end_object();
  }

  void write_cpu(std::string_view who, const UsageCurve& curve) {
    if (curve.samples.empty()) return;
    std::vector<CpuPoint> points = cpu_percent(curve);
    const auto end = static_cast<std::int64_t>(run_.seconds_total * 1e9);
    std::erase_if(points, [&](const CpuPoint& p) { return p.at_ns < 0 || p.at_ns > end; });
    json_.begin_object().member("who", who);
    write_array(json_, "ms", points, [](const CpuPoint& p) { return ms_of(p.at_ns); });
    write_array(json_, "percent", points,
                [](const CpuPoint& p) { return std::round(p.percent * 10) / 10; });
    json_.end_object();
  }

  void detail(std::string_view label, std::string_view value) {
    json_.begin_object().member("label", label).member("value", value).end_object();
  }

  void details() {
    const Options& options = run_.options;
    json_.key("machine").begin_object();
    json_.member("cores", std::uint64_t{run_.machine.cores}).end_object();
    json_.key("details").begin_array();
    detail(say("Sale and item", "판매와 상품"), options.sale + " / " + run_.sale_before.sku);
    detail(say("Payment", "결제"), run_.sale_before.payment);
    detail(say("Durability", "내구성"), run_.sale_before.durability);
    detail(say("Places in the line", "대기 줄 자리"), with_commas(run_.sale_before.line_limit));
    detail(say("Leave before buying", "입장 실패 비율"), percent(options.entry_failure));
    detail(say("Payments that fail", "결제 실패 비율"), percent(options.payment_failure));
    detail(say("Seed of the draw", "난수 시드"), std::to_string(options.seed));
    detail(say("Requests sent in all", "보낸 요청 전체"), with_commas(run_.exchanges));
    for (const auto& [counter, growth] : run_.counters) {
      detail(say(counter.english, counter.korean), with_commas(growth));
    }
    for (const Note& note : run_.notes) {
      detail(pick(language_, note.label), pick(language_, note.value));
    }
    detail(say("Processor", "프로세서"), run_.machine.cpu);
    detail(say("Kernel", "커널"), run_.machine.kernel);
    detail(say("Memory", "메모리"), fixed(run_.machine.memory_mib / 1024, 1) + " GiB");
    json_.end_array();
  }

  [[nodiscard]] static std::string percent(double share) { return fixed(share * 100, 0) + " %"; }

  const Run& run_;
  Language language_;
  JsonWriter json_{JsonWriter::Style::compact};
};

}  // namespace

std::string report_data(const Run& run, Language language) {
  return ReportData(run, language).take();
}

}  // namespace dibs::load

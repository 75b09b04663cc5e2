#include "load/report_data.h"

#include <algorithm>
#include <functional>

#include "load/json_writer.h"
#include "load/report_charts.h"
#include "load/violation_words.h"
#include "load/words.h"

namespace dibs::load {
namespace {

constexpr std::size_t kStripMin = 40;
constexpr std::size_t kStripMax = 120;
constexpr std::size_t kStripAfterLast = 8;  ///< cells shown behind the last winner

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
    write_charts(json_, run_, language_);
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
    json_.member("first", fairness.first);
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

  void usage() {
    json_.key("usage").begin_array();
    write_usage(say("Server", "서버"), run_.server_usage);
    write_usage("Redis", run_.redis_usage);
    write_usage(say("This tool", "시험 도구"), run_.tool_usage);
    json_.end_array();
  }

  void write_usage(std::string_view who, const std::optional<Usage>& usage) {
    if (!usage) return;
    json_.begin_object().member("who", who).member("cpu_seconds", usage->cpu_seconds);
    json_.member("cpu_mean", usage->cpu_percent_mean).member("cpu_peak", usage->cpu_percent_peak);
    json_.member("rss_mib", usage->rss_mib).member("rss_share", usage->rss_share_percent);
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
    for (const auto& [code, count] : run_.codes) {
      detail(std::string(say("Refused: ", "거절: ")) + code, with_commas(count));
    }
    for (const auto& [code, count] : run_.later_refusals) {
      detail(std::string(say("Refused after the press: ", "누른 뒤 거절: ")) + code,
             with_commas(count));
    }
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

#include "load/report.h"
#include "load/words.h"

namespace dibs::load {
namespace {

constexpr std::size_t kLabelWidth = 46;
constexpr std::size_t kValueWidth = 14;
class Table {
 public:
  Table(const Run& run, Language language) : run_(run), language_(language) {}

  std::string take() {
    title();
    outcomes();
    speed();
    fairness();
    resources();
    verdicts();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view say(std::string_view english, std::string_view korean) const {
    return pick(language_, english, korean);
  }

  void row(std::string_view label, const std::string& value) {
    out_ += "  " + left(label, kLabelWidth) + right(value, kValueWidth) + "\n";
  }

  void heading(std::string_view text) { out_ += "\n" + std::string(text) + "\n"; }

  void rule() { out_ += "  " + std::string(kLabelWidth + kValueWidth, '-') + "\n"; }

  void title() {
    out_ += run_.options.strategy + ": " + with_commas(run_.presses.size()) +
            std::string(say(" buyers, ", "명, ")) + with_commas(run_.stock) +
            std::string(say(" units, ", "개, ")) + connection_words(run_.options, language_) +
            "\n\n";
  }

  void outcomes() {
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
      const auto outcome = static_cast<Outcome>(i);
      if (run_.count(outcome) == 0 && !is_always_shown(outcome)) continue;
      row(words_of(outcome, language_), with_commas(run_.count(outcome)));
    }
    refusals();
    rule();
    row(say("Requests", "요청"), with_commas(run_.presses.size()));
  }

  /// What the rows above do not say: codes of refusals other than the usual ones.
  void refusals() {
    for (const auto& [code, count] : run_.codes) {
      if (code == "sold_out" || code == "lock_failed") continue;
      row(std::string(say("  refused: ", "  거절: ")) + code, with_commas(count));
    }
    for (const auto& [code, count] : run_.later_refusals) {
      row(std::string(say("  refused after the press: ", "  누른 뒤 거절: ")) + code,
          with_commas(count));
    }
  }

  void speed() {
    heading(say("Speed", "속도"));
    row(say("Total time", "총 시간"), fixed(run_.seconds_total, 3) + " s");
    row(say("Mean time per request, payment included", "요청당 평균 시간 (결제 포함)"),
        fixed(run_.latency_final.mean, 3) + " ms");
    row(say("Requests a second (TPS)", "초당 처리량 (TPS)"),
        run_.tps ? fixed(*run_.tps, 1) : std::string(say("unknown", "알 수 없음")));
    latency(say("First answer", "첫 응답"), run_.latency);
    latency(say("First answer, from when it was due", "첫 응답 (예정 시각 기준)"),
            run_.latency_corrected);
  }

  void latency(std::string_view label, const Latency& latency) {
    const auto ms = [](double value) { return fixed(value, 2); };
    out_ += "  " + std::string(label) + ", ms: p50 " + ms(latency.p50) + ", p99 " +
            ms(latency.p99) + ", p99.9 " + ms(latency.p999) + ", p99.99 " + ms(latency.p9999) +
            ", max " + ms(latency.max) + "\n";
  }

  void fairness() {
    const Fairness& fairness = run_.fairness;
    heading(say("Fairness", "공정성"));
    row(say("First-come accuracy", "선착순 정확도"),
        fixed(fairness.first_come_accuracy * 100, 1) + " %");
    row(say("Overtaken for a unit (pairs)", "순서가 뒤바뀐 쌍"), with_commas(fairness.inversions));
    row(say("Numbered out of order (pairs)", "번호가 뒤바뀐 쌍"),
        with_commas(fairness.arrival_inversions));
    row(say("  of pairs with a clear order", "  순서가 분명한 쌍"),
        with_commas(fairness.arrival_pairs));
    row(say("Press number of the last winner", "마지막 당첨자의 누른 순번"),
        with_commas(fairness.last_winner_rank));
    row(say("  of the last who should win", "  마땅히 마지막이어야 할 순번"),
        with_commas(fairness.fair_last_rank));
    row(say("Oversold", "초과 판매"), with_commas(run_.oversold));
    const std::string border = border_words(fairness.border, language_);
    if (!border.empty()) {
      out_ += "  " + std::string(say("Compared only up to: ", "비교 범위: ")) + border + "\n";
    }
  }

  void resources() {
    heading(say("Resources", "자원"));
    usage(say("Server", "서버"), run_.server_usage);
    usage("Redis", run_.redis_usage);
    usage(say("This tool", "시험 도구"), run_.tool_usage);
    for (const auto& [counter, growth] : run_.counters) {
      row(say(counter.english, counter.korean), with_commas(growth));
    }
    for (const Note& note : run_.notes) {
      row(pick(language_, note.label), std::string(pick(language_, note.value)));
    }
  }

  void usage(std::string_view who, const std::optional<Usage>& usage) {
    if (!usage) return;
    out_ += "  " + left(who, 12) + "CPU " + fixed(usage->cpu_seconds, 3) + " s, " +
            fixed(usage->cpu_percent_mean, 0) + " % " + std::string(say("mean", "평균")) + ", " +
            fixed(usage->cpu_percent_peak, 0) + " % " + std::string(say("peak", "최대")) + "; " +
            std::string(say("memory ", "메모리 ")) + fixed(usage->rss_mib, 1) + " MiB (" +
            fixed(usage->rss_share_percent, 2) + " %)\n";
  }

  void verdicts() {
    out_ += "\n";
    for (const Sentence& reason : run_.invalid_because) {
      out_ += std::string(say("INVALID RUN: ", "무효: "));
      out_ += std::string(pick(language_, reason)) + "\n";
    }
    const std::vector<std::string> broken = verdict(run_, language_);
    for (const std::string& promise : broken) {
      out_ += std::string(say("BROKEN: ", "위반: ")) + promise + "\n";
    }
    if (broken.empty() && run_.invalid_because.empty()) out_ += all_held(run_, language_) + "\n";
  }

  const Run& run_;
  Language language_;
  std::string out_;
};

}  // namespace

std::string table(const Run& run, Language language) { return Table(run, language).take(); }

}  // namespace dibs::load

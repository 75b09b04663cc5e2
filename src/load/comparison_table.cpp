#include <algorithm>
#include <cmath>

#include "load/comparison.h"
#include "load/report.h"
#include "load/words.h"

namespace dibs::load {
namespace {

/// The columns of the shop's own table, then what its designs did beyond it.
struct OutcomeColumn {
  Outcome outcome;
  std::string_view english;
  std::string_view korean;
};
constexpr auto kOutcomeColumns = std::to_array<OutcomeColumn>({
    {Outcome::lock_failed, "lock", "락"},
    {Outcome::entry_failed, "left", "입장"},
    {Outcome::sold_out, "sold out", "품절"},
    {Outcome::waiting_ended, "waited", "대기"},
    {Outcome::payment_failed, "unpaid", "결제"},
    {Outcome::paid, "bought", "구매"},
    {Outcome::stranded, "stranded", "미완료"},
    {Outcome::wrong_buyer, "wrong", "타인"},
});
constexpr std::size_t kCaseWidth = 14;
constexpr std::size_t kRunWidth = 10;
constexpr std::size_t kCountWidth = 9;
constexpr std::size_t kFigureWidth = 11;

class ComparisonTable {
 public:
  ComparisonTable(const Comparison& all, Language language) : all_(all), language_(language) {}

  std::string take() {
    title();
    results();
    fairness();
    resources();
    published();
    remarks();
    verdicts();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view say(std::string_view english, std::string_view korean) const {
    return pick(language_, english, korean);
  }
  void heading(std::string_view text) { out_ += "\n" + std::string(text) + "\n"; }
  void name(std::string_view strategy, std::string_view run) {
    out_ += "  " + left(strategy, kCaseWidth) + left(run, kRunWidth);
  }
  void cell(std::string_view text, std::size_t width) { out_ += right(text, width); }
  void end_row() { out_ += "\n"; }
  /// A mean that is a whole number is shown as one.
  [[nodiscard]] static std::string count(double value) {
    const double whole = std::round(value);
    if (std::abs(value - whole) > 1e-9) return fixed(value, 1);
    const std::string digits = with_commas(static_cast<std::uint64_t>(std::abs(whole)));
    return whole < 0 ? "-" + digits : digits;
  }
  [[nodiscard]] static std::string percent(double value) {
    if (!std::isfinite(value)) return "-";
    return (value >= 0 ? "+" : "") + fixed(value, 2) + " %";
  }

  void title() {
    const Options& options = all_.options;
    const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(all_.payment_delay);
    out_ += with_commas(options.buyers) + std::string(say(" buyers, ", "명, ")) +
            with_commas(all_.stock) + std::string(say(" units, ", "개, ")) +
            connection_words(options, language_) + ", " + gateways() +
            fixed(options.entry_failure * 100, 0) +
            std::string(say(" % leave, ", " % 입장 포기, ")) +
            fixed(options.payment_failure * 100, 0) +
            std::string(say(" % of payments fail, a payment takes ", " % 결제 실패, 결제 시간 ")) +
            std::to_string(delay.count()) + " ms, " + std::to_string(all_.runs) +
            std::string(say(all_.runs == 1 ? " run each\n" : " runs each\n", "회씩\n"));
  }

  [[nodiscard]] std::string gateways() const {
    if (all_.gateways == 1) return "";
    return std::to_string(all_.gateways) + std::string(say(" gateways, ", "개 게이트웨이, "));
  }

  void results() {
    heading(say("What became of the buyers, and how fast", "결과와 속도"));
    name("", "");
    for (const auto& column : kOutcomeColumns) {
      cell(say(column.english, column.korean), kCountWidth);
    }
    if (others()) cell(say("other", "기타"), kCountWidth);
    cell(say("total", "총 시간"), kFigureWidth);
    cell(say("average", "평균 시간"), kFigureWidth + 1);
    cell(say("answered", "첫 응답"), kFigureWidth + 1);
    cell("TPS", kFigureWidth);
    end_row();
    const Case* const baseline = find_case(all_, all_.baseline);
    const Case* before = nullptr;
    for (const Case& one : all_.cases) {
      if (one.runs.empty()) {
        not_run(one);
        continue;
      }
      const Means means = means_of(one);
      result_rows(one, means);
      if (one.unavailable) not_run({.strategy = "", .unavailable = one.unavailable, .runs = {}});
      if (baseline != nullptr && baseline != &one) {
        change(say("vs ", "대비 "), *baseline, means);
      }
      if (before != nullptr && before != baseline) change(say("vs ", "대비 "), *before, means);
      before = &one;
    }
  }

  void not_run(const Case& one) {
    name(one.strategy, "");
    if (one.unavailable) out_ += std::string(pick(language_, *one.unavailable));
    end_row();
  }

  void result_rows(const Case& one, const Means& means) {
    for (std::size_t i = 0; i < one.runs.size(); ++i) {
      const Run& run = one.runs[i];
      name(i == 0 ? one.strategy : "", std::string(say("run ", "")) + std::to_string(i + 1) +
                                           std::string(say("", "회")) +
                                           (run.over_limit ? " *" : ""));
      std::array<double, kOutcomeCount> counts{};
      std::ranges::copy(run.outcomes, counts.begin());
      figures(counts, run.seconds_total, run.latency_final.mean, run.latency.mean, run.tps);
    }
    if (one.runs.size() < 2) return;
    name("", say("mean", "평균"));
    figures(means.outcomes, means.seconds_total, means.latency_final.mean, means.latency.mean,
            means.tps);
  }

  void figures(const std::array<double, kOutcomeCount>& counts, double seconds, double mean_ms,
               double answered_ms, std::optional<double> tps) {
    for (const auto& column : kOutcomeColumns) {
      cell(count(counts[index_of(column.outcome)]), kCountWidth);
    }
    if (others()) cell(count(others_of(counts)), kCountWidth);
    cell(fixed(seconds, 3) + " s", kFigureWidth);
    cell(fixed(mean_ms, 3) + " ms", kFigureWidth + 1);
    cell(fixed(answered_ms, 3) + " ms", kFigureWidth + 1);
    cell(tps ? fixed(*tps, 1) : "-", kFigureWidth);
    end_row();
  }

  void change(std::string_view words, const Case& from, const Means& means) {
    const Change changed = change_between(means_of(from), means);
    const std::size_t skipped = kCountWidth * (kOutcomeColumns.size() + (others() ? 1U : 0U));
    out_ +=
        "  " + left("", kCaseWidth) + left(std::string(words) + from.strategy, kRunWidth + skipped);
    cell(percent(changed.seconds_total), kFigureWidth);
    cell(percent(changed.latency_final_mean), kFigureWidth + 1);
    cell("", kFigureWidth + 1);
    cell(changed.tps ? percent(*changed.tps) : "-", kFigureWidth);
    end_row();
  }

  [[nodiscard]] static double others_of(const std::array<double, kOutcomeCount>& counts) {
    double sum = 0;
    for (const double value : counts) sum += value;
    for (const auto& column : kOutcomeColumns) sum -= counts[index_of(column.outcome)];
    return sum;
  }
  [[nodiscard]] bool others() const {
    return std::ranges::any_of(
        all_.cases, [](const Case& one) { return others_of(means_of(one).outcomes) > 1e-9; });
  }

  /// With several gateways there is a column for what is promised of each.
  void fairness() {
    const bool several = all_.gateways > 1;
    heading(say("Was it first come, first served, and do the books agree? (means)",
                "선착순과 재고 (평균)"));
    name("", "");
    cell(say("accuracy", "정확도"), kFigureWidth + 1);
    cell(say("overtaken", "역전 쌍"), kFigureWidth + 1);
    if (several) cell(say("same gateway", "같은 경로"), kFigureWidth + 3);
    for (const auto& head : {say("last won", "마지막 순번"), say("should be", "마땅한 순번"),
                             say("oversold", "초과 판매"), say("recorded", "판매 기록"),
                             say("lost", "사라짐"), say("invented", "생겨남")}) {
      cell(head, kFigureWidth + 1);
    }
    end_row();
    for (const Case& one : all_.cases) {
      if (one.runs.empty()) continue;
      const Means means = means_of(one);
      name(one.strategy, "");
      cell(fixed(means.first_come_accuracy * 100, 1) + " %", kFigureWidth + 1);
      cell(count(means.inversions), kFigureWidth + 1);
      if (several) cell(count(means.same_gateway), kFigureWidth + 3);
      for (const double value :
           {means.last_winner_rank, means.fair_last_rank, means.oversold, means.recorded_sold,
            std::max(means.units_missing, 0.0), std::max(-means.units_missing, 0.0)}) {
        cell(count(value), kFigureWidth + 1);
      }
      end_row();
    }
  }

  void resources() {
    heading(say("What it cost (means; 100 % is one core)", "자원 (평균, 100 %는 코어 하나)"));
    name("", "");
    for (const auto& head : {say("CPU", "CPU"), say("mean", "평균"), say("peak", "최대"),
                             say("memory", "메모리"), say("mean", "평균"), say("share", "비중")}) {
      cell(head, kFigureWidth + 1);
    }
    end_row();
    for (const Case& one : all_.cases) {
      if (one.runs.empty()) continue;
      const Means means = means_of(one);
      usage(one.strategy, say("server", "서버"), means.server);
      usage("", "Redis", means.redis);
    }
  }

  void usage(std::string_view strategy, std::string_view who, const std::optional<Usage>& usage) {
    if (!usage) return;
    name(strategy, who);
    cell(fixed(usage->cpu_seconds, 3) + " s", kFigureWidth + 1);
    cell(fixed(usage->cpu_percent_mean, 0) + " %", kFigureWidth + 1);
    cell(fixed(usage->cpu_percent_peak, 0) + " %", kFigureWidth + 1);
    cell(fixed(usage->rss_mib, 1) + " MiB", kFigureWidth + 1);
    cell(fixed(usage->rss_mib_mean, 1) + " MiB", kFigureWidth + 1);
    cell(fixed(usage->rss_share_percent, 2) + " %", kFigureWidth + 1);
    end_row();
  }

  void published() {
    heading(say("What the shop published, from another machine and tool (for reference)",
                "상점이 공개한 값 (다른 환경, 참고용)"));
    const auto row = [&](std::string_view strategy, const Published& figures) {
      name(strategy, "");
      cell(fixed(figures.seconds_total, 8) + " s", 18);
      cell(fixed(figures.seconds_mean, 10) + " s", 18);
      cell(fixed(figures.tps, 2) + " TPS", 16);
      end_row();
    };
    row("lock", kPublishedLock);
    row("lua", kPublishedScript);
    const Change changed = published_change();
    name("", "");
    cell(percent(changed.seconds_total), 18);
    cell(percent(changed.latency_final_mean), 18);
    cell(percent(changed.tps.value_or(0)), 16);
    end_row();
  }

  void remarks() {
    auto notes = write_back_notes(all_);
    for (Sentence& note : gateway_notes(all_)) notes.push_back(std::move(note));
    for (const Sentence& note : notes) {
      out_ += "\n" + std::string(pick(language_, note));
    }
    if (!notes.empty()) out_ += "\n";
    const bool limited = std::ranges::any_of(all_.cases, [](const Case& one) {
      return std::ranges::any_of(one.runs, &Run::over_limit);
    });
    if (!limited) return;
    const auto seconds = std::chrono::duration<double>(all_.queue_limit).count();
    out_ +=
        "\n* " +
        std::string(say("The worker of `queue` takes one order a second. Its run is ended after ",
                        "queue는 1초에 주문 하나를 처리합니다. 시험을 ")) +
        fixed(seconds, 0) +
        std::string(say(" s: who is still in the queue then is stranded,\n  the average is that "
                        "of those with a final state, and TPS counts answers, not sales.\n",
                        "초 뒤에 끝내며, 그때 대기열에 있는 사람은 미완료입니다. 평균은 결과가 "
                        "있는 사람만의 값이고,\n  TPS는 판매가 아니라 응답의 수입니다.\n"));
  }

  void verdicts() {
    for (const Case& one : all_.cases) {
      if (one.runs.empty()) continue;
      const auto found = findings_of(one, language_);
      const std::string mark =
          one.promises ? std::string(say("BROKEN: ", "위반: ")) : std::string("- ");
      out_ += "\n" + one.strategy + ": ";
      if (found.empty()) {
        out_ += all_held(one.runs.front(), language_) + "\n";
        continue;
      }
      out_ += std::string(one.promises ? say("a promise was broken", "지켜지지 않은 약속")
                                       : say("what went wrong", "드러난 문제")) +
              "\n";
      for (const std::string& sentence : found) {
        out_.append("  ").append(mark).append(sentence).append("\n");
      }
    }
    for (const Case& one : all_.cases) {
      for (const Run& run : one.runs) {
        for (const Sentence& reason : run.invalid_because) {
          out_ += "\n" + std::string(say("INVALID RUN of ", "무효: ")) + one.strategy + ": " +
                  std::string(pick(language_, reason)) + "\n";
        }
      }
    }
  }

  const Comparison& all_;
  Language language_;
  std::string out_;
};

}  // namespace

std::string table(const Comparison& all, Language language) {
  return ComparisonTable(all, language).take();
}

}  // namespace dibs::load

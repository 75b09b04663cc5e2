#include <algorithm>
#include <chrono>

#include "load/report.h"
#include "load/violation_words.h"
#include "load/words.h"

namespace dibs::load {
namespace {

/// What was there at the first press and what was added later.
[[nodiscard]] std::uint64_t units_on_sale(const Run& run) {
  const auto units = static_cast<std::int64_t>(run.stock) + run.units_added();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(units, 0));
}

/// Collects the broken promises of a run in one language, the worst first.
class Verdict {
 public:
  Verdict(const Run& run, Language language) : run_(run), language_(language) {}

  std::vector<std::string> take() {
    judge_stock();
    judge_order();
    judge_buyers();
    judge_contract();
    for (const Sentence& broken : run_.broken_elsewhere)
      broken_.emplace_back(pick(language_, broken));
    return std::move(broken_);
  }

 private:
  void say(const std::string& english, const std::string& korean) {
    broken_.emplace_back(pick(language_, english, korean));
  }

  void judge_stock() {
    if (run_.oversold == 0) return;
    const std::string stock = with_commas(units_on_sale(run_));
    const std::string over = with_commas(run_.oversold);
    say("Oversold: " + over + " more than the " + stock + " units there were.",
        "초과 판매: 재고 " + stock + "개보다 " + over + "개 더 팔렸습니다.");
  }

  void judge_order() {
    // Across gateways nothing is promised, so the accuracy is not either.
    const bool several = run_.options.gateways() > 1;
    const OrderKept order = run_.promised_order();
    const std::string where = several ? "at one gateway, in " : "in ";
    if (order.inversions > 0) {
      const std::string pairs = with_commas(order.inversions);
      const std::string places = with_commas(order.max_overtake);
      const std::string gap = fixed(order.max_gap_ms, 3);
      say("Not first come, first served: " + where + pairs +
              " pairs somebody who pressed later was given a unit and somebody earlier was not "
              "(by up to " +
              places + " places and " + gap + " ms).",
          "선착순이 지켜지지 않았습니다: 먼저 누른 사람 대신 나중에 누른 사람이 받은 쌍이 " +
              pairs + "개입니다 (최대 " + places + "명 차이, " + gap + " ms).");
    }
    const double accuracy = run_.fairness.first_come_accuracy;
    if (accuracy < 1 && !several && !run_.server_lost()) {
      const std::string share = fixed(accuracy * 100, 1);
      say("Only " + share + " % of those who came first bought.",
          "먼저 온 사람 중 " + share + " %만 구매했습니다.");
    }
    if (order.arrival_inversions > 0) {
      const std::string pairs = with_commas(order.arrival_inversions);
      const std::string places = with_commas(order.arrival_max_overtake);
      const std::string gap = fixed(order.arrival_max_gap_ms, 3);
      say("Arrivals were numbered out of order: " + pairs + " pairs (by up to " + places +
              " places and " + gap + " ms).",
          "도착 번호의 순서가 어긋났습니다: " + pairs + "쌍 (최대 " + places + "명 차이, " + gap +
              " ms).");
    }
  }

  void judge_buyers() {
    judge(Outcome::wrong_buyer, "buyers met an order that was not theirs or not as they left it",
          "명의 주문이 다른 구매자의 것이거나 바뀌어 있었습니다");
    if (!run_.options.refusals_allowed) {
      judge(run_.turned_away(), "buyers were turned away before the rules",
            "명이 규칙 적용 전에 거절되었습니다");
    }
    if (run_.server_lost()) return;  // what follows may be missing for that reason alone
    judge(Outcome::stranded, "buyers were accepted and never finished",
          "명이 접수되었지만 끝나지 않았습니다");
    judge(Outcome::error, "buyers got no proper answer", "명이 올바른 응답을 받지 못했습니다");
    if (run_.timed_out) {
      const auto patience = std::chrono::duration<double>(run_.options.patience).count();
      const std::string seconds = fixed(patience, 0);
      say("The run was given up: nothing changed for " + seconds + " s.",
          seconds + "초 동안 아무 변화가 없어 시험을 중단했습니다.");
    }
  }

  void judge(Outcome outcome, const std::string& english, const std::string& korean) {
    judge(run_.count(outcome), english, korean);
  }

  void judge(std::uint64_t count, const std::string& english, const std::string& korean) {
    if (count > 0) say(with_commas(count) + " " + english + ".", with_commas(count) + korean + ".");
  }

  void judge_contract() {
    for (const Violation& violation : run_.violations) {
      const std::string count = with_commas(violation.count);
      say("Contract: " + violation.what + " (" + count + " times).",
          "규약: " + std::string(violation_in_korean(violation.what)) + " (" + count + "회).");
    }
    for (const auto& [counter, growth] : run_.counters) {
      if (growth == 0) continue;
      const std::string count = with_commas(growth);
      say("The server counted " + count + " " + counter.english + ".",
          "서버 기록: " + counter.korean + " " + count + "건.");
    }
  }

  const Run& run_;
  Language language_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> verdict(const Run& run, Language language) {
  return Verdict(run, language).take();
}

std::string all_held(const Run& run, Language language) {
  const Fairness& fairness = run.fairness;
  const bool korean = language == Language::korean;
  const std::string sold = with_commas(run.count(Outcome::paid));
  const std::string units = with_commas(units_on_sale(run));
  const std::string first = with_commas(fairness.first);
  const std::string border = border_words(fairness.border, language);
  std::string out = korean ? "모든 약속이 지켜졌습니다: " + units + "개 중 " + sold + "개 판매"
                           : "All promises held: " + sold + " of " + units + " units sold";
  if (run.options.gateways() > 1) {
    const std::string pairs = with_commas(run.inversions_across_gateways());
    out += korean ? ", 게이트웨이마다 순서가 지켜졌습니다 (서로 다른 게이트웨이 사이의 역전 " +
                        pairs + "쌍)"
                  : ", in order at each gateway (" + pairs + " pairs overtaken across them)";
  } else if (run.count(Outcome::paid) > 0 && fairness.first == fairness.eligible) {
    out += korean ? ", 자격이 있는 구매자 모두에게 돌아갔습니다"
                  : ", and every eligible buyer got one";
  } else if (run.count(Outcome::paid) > 0) {
    out += korean ? ", 자격이 있는 선착순 " + first + "명에게 돌아갔습니다"
                  : ", to the first " + first + " eligible buyers";
  }
  if (border.empty()) return out + ".";
  return out + (korean ? " (비교 범위: " + border + ")." : " (of those before " + border + ").");
}

std::string border_words(const Border& border, Language language) {
  std::string out;
  if (border.arrival) {
    out = std::string(pick(language, "the line reopened: arrival ", "줄 재개: 도착 번호 ")) +
          with_commas(*border.arrival);
  }
  if (border.answered_ns) {
    if (!out.empty()) out += "; ";
    out += std::string(pick(language, "stock added or sale closed: ", "재입고 또는 종료: ")) +
           fixed(static_cast<double>(*border.answered_ns) / 1e6, 1) + " ms";
  }
  return out;
}

int exit_status(const Run& run) {
  if (!verdict(run).empty()) return 1;
  if (run.server_lost()) return 3;
  return run.invalid_because.empty() ? 0 : 1;
}

std::string fate(const Run& run, std::uint64_t k, Language language) {
  const std::string number = with_commas(k);
  if (k == 0 || k > run.presses.size()) {
    return std::string(pick(language, "There was no press number ", "없는 번호: ")) + number + ".";
  }
  const Press& press = run.presses[k - 1];
  const std::string buyer = run.options.buyer_prefix + std::to_string(press.buyer + 1);
  std::string out = std::string(pick(language, "Press number ", "")) + number +
                    std::string(pick(language, " (", "번째 (")) + buyer + "): ";
  out += words_of(press.outcome, language);
  if (press.arrival != 0) {
    out += std::string(pick(language, ", arrival ", ", 도착 번호 ")) + with_commas(press.arrival);
  }
  return out + ".";
}

}  // namespace dibs::load

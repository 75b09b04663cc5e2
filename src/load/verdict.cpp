#include <algorithm>

#include "load/report.h"
#include "load/words.h"

namespace dibs::load {
namespace {

/// Collects the broken promises of a run in one language, the worst first.
class Verdict {
 public:
  Verdict(const Run& run, Language language) : run_(run), language_(language) {}

  std::vector<std::string> take() {
    judge_stock();
    judge_order();
    judge_buyers();
    judge_contract();
    broken_.insert(broken_.end(), run_.broken_elsewhere.begin(), run_.broken_elsewhere.end());
    return std::move(broken_);
  }

 private:
  void say(const std::string& english, const std::string& korean) {
    broken_.emplace_back(pick(language_, english, korean));
  }

  void judge_stock() {
    if (run_.oversold == 0) return;
    const std::string stock = with_commas(run_.stock);
    const std::string over = with_commas(run_.oversold);
    say("Oversold: " + over + " more than the " + stock + " units there were.",
        "초과 판매: 재고 " + stock + "개보다 " + over + "개 더 팔렸습니다.");
  }

  void judge_order() {
    const Fairness& fairness = run_.fairness;
    if (fairness.inversions > 0) {
      const std::string pairs = with_commas(fairness.inversions);
      const std::string places = with_commas(fairness.max_overtake);
      const std::string gap = fixed(fairness.max_gap_ms, 3);
      say("Not first come, first served: in " + pairs +
              " pairs somebody who pressed later was given a unit and somebody earlier was not "
              "(by up to " +
              places + " places and " + gap + " ms).",
          "선착순 위반: 먼저 누른 사람 대신 나중에 누른 사람이 받은 쌍이 " + pairs +
              "개입니다 (최대 " + places + "번째 차이, " + gap + " ms).");
    }
    if (fairness.first_come_accuracy < 1) {
      const std::string share = fixed(fairness.first_come_accuracy * 100, 1);
      say("Only " + share + " % of those who came first bought.",
          "먼저 온 사람 중 " + share + " %만 구매했습니다.");
    }
    if (fairness.arrival_inversions > 0) {
      const std::string pairs = with_commas(fairness.arrival_inversions);
      const std::string places = with_commas(fairness.arrival_max_overtake);
      const std::string gap = fixed(fairness.arrival_max_gap_ms, 3);
      say("Arrivals were numbered out of order: " + pairs + " pairs (by up to " + places +
              " places and " + gap + " ms).",
          "도착 번호의 순서가 어긋났습니다: " + pairs + "쌍 (최대 " + places + "번째 차이, " + gap +
              " ms).");
    }
  }

  void judge_buyers() {
    judge(Outcome::wrong_buyer, "buyers met an order that was not theirs or not as they left it",
          "명의 주문이 다른 구매자의 것이거나 바뀌어 있었습니다");
    judge(Outcome::stranded, "buyers were accepted and never finished",
          "명이 접수되었지만 끝나지 않았습니다");
    judge(Outcome::error, "buyers got no proper answer", "명이 올바른 응답을 받지 못했습니다");
    if (!run_.options.refusals_allowed) {
      judge(Outcome::refused_early, "buyers were turned away before the rules",
            "명이 규칙 적용 전에 거절되었습니다");
    }
    if (run_.timed_out) {
      say("The run was given up: nothing was answered for too long.",
          "오랫동안 응답이 없어 시험을 중단했습니다.");
    }
  }

  void judge(Outcome outcome, const std::string& english, const std::string& korean) {
    const std::uint64_t count = run_.count(outcome);
    if (count > 0) say(with_commas(count) + " " + english + ".", with_commas(count) + korean + ".");
  }

  void judge_contract() {
    for (const Violation& violation : run_.violations) {
      const std::string count = with_commas(violation.count);
      say("Contract: " + violation.what + " (" + count + " times).",
          "규약 위반: " + violation.what + " (" + count + "회).");
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
  const std::string sold = with_commas(run.count(Outcome::paid));
  const std::string stock = with_commas(run.stock);
  const std::string first = with_commas(run.fairness.first);
  const std::string border = border_words(run.fairness.border, language);
  if (language == Language::korean) {
    const std::string out = "모든 약속이 지켜졌습니다: " + stock + "개 중 " + sold +
                            "개 판매, 자격이 있는 선착순 " + first + "명에게 돌아갔습니다";
    return border.empty() ? out + "." : out + " (비교 범위: " + border + ").";
  }
  const std::string out = "All promises held: " + sold + " of " + stock +
                          " units sold, to the first " + first + " eligible buyers";
  return border.empty() ? out + "." : out + " (of those before " + border + ").";
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
  return run.invalid_because.empty() && verdict(run).empty() ? 0 : 1;
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

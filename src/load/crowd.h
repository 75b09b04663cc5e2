#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "load/answer.h"
#include "load/exchange.h"
#include "load/press.h"

namespace dibs::load {

/// The buyers after their first request: what each does with the answer it got, and what became of
/// it. Knows no sockets; the clock is an argument.
///
///     press --held--> pay ------------------------------> paid | payment_failed
///       |  \--waiting--> (the line moves) look --held--> pay
///       |                                   \--sold_out--> waiting_ended
///       |--sold_out | closed | 429 | 503 | ...  final at once
///       \--no answer, unknown_outcome --> the same press again, with the same key
class Crowd {
 public:
  /// `payment` as the sale has it: `provider`, `shop` or `none`. A buyer keeps to one of the
  /// gateways: its number modulo theirs.
  Crowd(std::string payment, std::vector<Press>& presses, std::uint32_t gateways = 1);

  /// The answer to `exchange`, whose times and status are set.
  void on_answer(const Exchange& exchange, const Answer& answer);
  /// `exchange` ended without an answer: the same is asked again, after a growing pause.
  void on_cut(const Exchange& exchange, std::int64_t now_ns);
  /// The sale's stream said where the line stands, as that gateway has it.
  void on_line(std::uint32_t gateway, std::uint64_t head, std::uint64_t waiting,
               std::int64_t now_ns);
  /// No word of the line can be expected, or none came for long: the first in line ask again.
  void ask_again();

  /// Moves what has become due to the tasks.
  void release_timers(std::int64_t now_ns);
  [[nodiscard]] std::int64_t next_timer_ns() const;

  [[nodiscard]] bool has_task(std::uint32_t gateway) const {
    return !gateways_[gateway].tasks.empty();
  }
  [[nodiscard]] Task take_task(std::uint32_t gateway);

  [[nodiscard]] std::uint64_t unfinished() const { return unfinished_; }
  [[nodiscard]] std::uint64_t paid() const { return paid_; }
  [[nodiscard]] bool anybody_waiting() const;
  /// Refusals of what follows a press, by code.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& later_refusals() const {
    return later_refusals_;
  }

  /// Ends the run: whoever was accepted is stranded, whoever had no answer is an error.
  void give_up();

 private:
  /// What is to be done at one gateway, and what it has said of the line. One may be a moment ahead
  /// of another, so word from one says nothing to those who wait at another.
  struct Gateway {
    std::deque<Task> tasks;
    std::multimap<std::uint64_t, std::uint32_t> line;  ///< place to buyer
    std::uint64_t head = 0;
    bool line_empty = false;
    std::int64_t line_heard_ns = kNever;
  };

  struct Timer {
    std::int64_t at_ns = 0;
    Task task;
    friend bool operator>(const Timer& a, const Timer& b) { return a.at_ns > b.at_ns; }
  };

  void on_first_answer(Press& press, const Exchange& exchange, const Answer& answer);
  void on_refusal(Press& press, const Exchange& exchange, std::string_view body);
  void on_later_refusal(Press& press, const Exchange& exchange, const Answer& answer);
  void on_order(Press& press, const Exchange& exchange, std::string_view body);
  void on_held(Press& press, const Exchange& exchange);
  void on_paid(Press& press, const Exchange& exchange, std::string_view money);
  void on_paying(Press& press, const Exchange& exchange);
  void stand_in_line(Press& press, const Exchange& exchange, std::string_view body);
  void finish(Press& press, Outcome outcome, std::int64_t now_ns);
  [[nodiscard]] Gateway& gateway_of(std::uint32_t buyer) {
    return gateways_[buyer % gateways_.size()];
  }
  void add_task(Task task) { gateway_of(task.buyer).tasks.push_back(task); }
  void again_later(Task task, std::int64_t now_ns);
  void again_at(Task task, std::int64_t at_ns);

  std::string payment_;
  std::vector<Press>& presses_;  ///< index = buyer, during the run
  std::vector<std::uint8_t> repeats_;
  std::vector<Gateway> gateways_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::map<std::string, std::uint64_t> later_refusals_;
  std::uint64_t unfinished_ = 0;
  std::uint64_t paid_ = 0;
};

}  // namespace dibs::load

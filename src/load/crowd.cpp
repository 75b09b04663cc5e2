#include "load/crowd.h"

#include <algorithm>
#include <limits>

#include "load/answer.h"

namespace dibs::load {
namespace {

constexpr std::int64_t kAgainNs = 20'000'000;  ///< before asking the same thing again
constexpr std::uint8_t kRepeatsMax = 100;      ///< 100 x 20 ms: then it is called an error
constexpr std::size_t kAskAgainMax = 256;

[[nodiscard]] bool accepted(std::uint16_t status) { return status >= 200 && status < 300; }

[[nodiscard]] bool is_given(std::string_view state) {
  return state == "held" || state == "paying" || state == "paid";
}

[[nodiscard]] bool refused_early(std::uint16_t status, std::string_view code) {
  return status == 429 || (status == 503 && code != "unknown_outcome");
}

}  // namespace

Crowd::Crowd(std::string payment, std::vector<Press>& presses)
    : payment_(std::move(payment)),
      presses_(presses),
      repeats_(presses.size()),
      unfinished_(presses.size()) {}

void Crowd::on_answer(const Exchange& exchange, std::string_view body) {
  Press& press = presses_[exchange.task.buyer];
  const bool first = exchange.task.ask == Ask::entry || exchange.task.ask == Ask::press;
  if (first) return on_first_answer(press, exchange, body);
  if (accepted(exchange.status)) return on_order(press, exchange, body);
  // The order may have moved between two requests: its state decides, not the refusal.
  again_later({press.buyer, Ask::look}, exchange.answered_at_ns);
}

void Crowd::on_first_answer(Press& press, const Exchange& exchange, std::string_view body) {
  if (press.answered_at_ns == kNever) {
    press.answered_at_ns = exchange.answered_at_ns;
    press.status = exchange.status;
  }
  if (!accepted(exchange.status)) return on_refusal(press, exchange, body);
  if (exchange.task.ask == Ask::entry) {
    return finish(press, Outcome::entry_failed, exchange.answered_at_ns);
  }
  press.order = text_member(body, "id");
  press.arrival = number_member(body, "arrival");
  on_order(press, exchange, body);
}

void Crowd::on_refusal(Press& press, const Exchange& exchange, std::string_view body) {
  press.code = text_member(body, "code");
  press.arrival = number_member(body, "arrival");
  const std::int64_t now_ns = exchange.answered_at_ns;
  if (press.code == "sold_out") return finish(press, Outcome::sold_out, now_ns);
  if (press.code == "lock_failed") return finish(press, Outcome::lock_failed, now_ns);
  if (press.code == "unknown_outcome") return again_later(exchange.task, now_ns);
  const bool early = refused_early(exchange.status, press.code);
  finish(press, early ? Outcome::refused_early : Outcome::error, now_ns);
}

void Crowd::on_order(Press& press, const Exchange& exchange, std::string_view body) {
  const std::int64_t now_ns = exchange.answered_at_ns;
  press.state = text_member(body, "state");
  if (!press.given && is_given(press.state)) {
    press.given = true;
    press.given_seq = number_member(body, "seq");
  }
  if (press.state == "waiting") return stand_in_line(press, exchange, body);
  if (press.state == "sold_out" || press.state == "closed") {
    return finish(press, Outcome::waiting_ended, now_ns);
  }
  if (press.state == "held") return on_held(press, exchange);
  if (press.state == "paying") return on_paying(press, exchange);
  if (press.state == "paid") return finish(press, Outcome::paid, now_ns);
  if (press.state != "released") return finish(press, Outcome::error, now_ns);
  const std::string_view reason = text_member(body, "reason");
  if (reason == "payment_failed" || reason == "capture_failed") {
    return finish(press, Outcome::payment_failed, now_ns);
  }
  finish(press, reason == "cancelled" ? Outcome::cancelled : Outcome::stranded, now_ns);
}

void Crowd::on_held(Press& press, const Exchange& exchange) {
  const Ask ask = payment_ == "shop" ? Ask::begin : Ask::pay;
  // Declined with attempts left: the same buyer tries again, as a person would, but not for ever.
  if (exchange.task.ask == ask) return again_later({press.buyer, ask}, exchange.answered_at_ns);
  tasks_.push_back({press.buyer, ask});
}

void Crowd::on_paying(Press& press, const Exchange& exchange) {
  if (exchange.task.ask != Ask::begin) {
    return again_later({press.buyer, Ask::look}, exchange.answered_at_ns);
  }
  tasks_.push_back({press.buyer, press.payment_fails ? Ask::release : Ask::confirm});
}

void Crowd::stand_in_line(Press& press, const Exchange& exchange, std::string_view body) {
  press.place = number_member(body, "place");
  // Word that the line has moved on may have come before this answer, on another connection.
  const bool ended = line_empty_ && line_heard_ns_ >= exchange.sent_at_ns;
  if (exchange.task.ask != Ask::look && (ended || press.place < head_)) {
    tasks_.push_back({press.buyer, Ask::look});
    return;
  }
  line_.emplace(press.place, press.buyer);
}

void Crowd::on_line(std::uint64_t head, std::uint64_t waiting, std::int64_t now_ns) {
  head_ = head;
  line_empty_ = waiting == 0;
  line_heard_ns_ = now_ns;
  const auto end = line_empty_ ? line_.end() : line_.lower_bound(head);
  for (auto it = line_.begin(); it != end; ++it) tasks_.push_back({it->second, Ask::look});
  line_.erase(line_.begin(), end);
}

void Crowd::ask_again() {
  for (std::size_t i = 0; i < kAskAgainMax && !line_.empty(); ++i) {
    tasks_.push_back({line_.begin()->second, Ask::look});
    line_.erase(line_.begin());
  }
}

void Crowd::on_cut(const Exchange& exchange, std::int64_t now_ns) {
  Press& press = presses_[exchange.task.buyer];
  if (exchange.task.ask == Ask::entry || exchange.task.ask == Ask::press) {
    return finish(press, Outcome::error, kNever);
  }
  again_later({press.buyer, Ask::look}, now_ns);
}

void Crowd::again_later(Task task, std::int64_t now_ns) {
  if (++repeats_[task.buyer] > kRepeatsMax) {
    const Press& press = presses_[task.buyer];
    return finish(presses_[task.buyer], press.order.empty() ? Outcome::error : Outcome::stranded,
                  kNever);
  }
  timers_.push({now_ns + kAgainNs, task});
}

void Crowd::release_timers(std::int64_t now_ns) {
  while (!timers_.empty() && timers_.top().at_ns <= now_ns) {
    tasks_.push_back(timers_.top().task);
    timers_.pop();
  }
}

std::int64_t Crowd::next_timer_ns() const {
  return timers_.empty() ? std::numeric_limits<std::int64_t>::max() : timers_.top().at_ns;
}

Task Crowd::take_task() {
  const Task task = tasks_.front();
  tasks_.pop_front();
  return task;
}

void Crowd::finish(Press& press, Outcome outcome, std::int64_t now_ns) {
  press.outcome = outcome;
  press.final_at_ns = now_ns;
  --unfinished_;
  if (outcome == Outcome::paid) ++paid_;
}

void Crowd::give_up() {
  // Whoever was finished keeps its outcome: it has a final time or was marked with it.
  for (Press& press : presses_) {
    if (press.final_at_ns != kNever || press.answered_at_ns == kNever) continue;
    if (!press.order.empty()) press.outcome = Outcome::stranded;
  }
}

}  // namespace dibs::load

#include "load/crowd.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "load/codes.h"
#include "load/units.h"

namespace dibs::load {
namespace {

constexpr std::int64_t kAgainNs = 20'000'000;       ///< before asking the same thing again
constexpr unsigned kAgainDoublingsMax = 5;          ///< up to 640 ms between two questions
constexpr std::uint8_t kRepeatsMax = 100;           ///< some 38 s: then it is called an error
constexpr unsigned kCutDoublingsMax = 6;            ///< 20 ms x 2^6: 1.3 s between tries
constexpr std::int64_t kRetryAfterMaxSeconds = 20;  ///< a run waits no longer, whatever is asked
constexpr std::size_t kAskAgainMax = 256;

[[nodiscard]] bool accepted(std::uint16_t status) { return status >= 200 && status < 300; }

[[nodiscard]] bool is_given(std::string_view state) {
  return state == "held" || state == "paying" || state == "paid";
}

[[nodiscard]] bool refused_early(std::uint16_t status, std::string_view code) {
  return status == 401 || status == 429 || status == 503 || code == "forbidden" || keeps_out(code);
}

/// No buy is refused as `wrong_state` by the contract. The designs that are measured for comparison
/// say so, and why, when they did not get their lock (src/baselines).
[[nodiscard]] bool is_lock_failed(std::string_view code, std::string_view detail) {
  return code == "wrong_state" && detail.starts_with("lock_failed: ");
}

/// How long the server asks to wait; 0 when it does not say.
[[nodiscard]] std::int64_t retry_after_ns(const Answer& answer) {
  std::int64_t seconds = 0;
  const std::string_view text = answer.header("retry-after").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<std::int64_t>(seconds, 0, kRetryAfterMaxSeconds) * kNsPerSecond;
}

}  // namespace

Crowd::Crowd(std::string payment, std::vector<Press>& presses, std::uint32_t gateways)
    : payment_(std::move(payment)),
      presses_(presses),
      repeats_(presses.size()),
      gateways_(gateways),
      unfinished_(presses.size()) {}

void Crowd::on_answer(const Exchange& exchange, const Answer& answer) {
  Press& press = presses_[exchange.task.buyer];
  if (is_first(exchange.task.ask)) return on_first_answer(press, exchange, answer);
  if (accepted(exchange.status)) return on_order(press, exchange, answer.body);
  on_later_refusal(press, exchange, answer);
}

void Crowd::on_first_answer(Press& press, const Exchange& exchange, const Answer& answer) {
  const std::string_view body = answer.body;
  press.answered_at_ns = exchange.answered_at_ns;
  press.status = exchange.status;
  if (!accepted(exchange.status)) return on_refusal(press, exchange, body);
  if (exchange.task.ask == Ask::entry) {
    return finish(press, Outcome::entry_failed, exchange.answered_at_ns);
  }
  press.replayed = answer.header("idempotency-replayed").has_value();
  press.order = text_member(body, "id");
  press.arrival = number_member(body, "arrival");
  on_order(press, exchange, body);
}

void Crowd::on_refusal(Press& press, const Exchange& exchange, std::string_view body) {
  press.code = text_member(body, "code");
  press.arrival = number_member(body, "arrival");
  const std::int64_t now_ns = exchange.answered_at_ns;
  if (is_lock_failed(press.code, text_member(body, "detail"))) press.code = "lock_failed";
  if (press.code == "sold_out") return finish(press, Outcome::sold_out, now_ns);
  if (press.code == "lock_failed") return finish(press, Outcome::lock_failed, now_ns);
  if (press.code == "unknown_outcome") return again_later(exchange.task, now_ns);
  const bool early = refused_early(exchange.status, press.code);
  finish(press, early ? Outcome::refused_early : Outcome::error, now_ns);
}

void Crowd::on_later_refusal(Press& press, const Exchange& exchange, const Answer& answer) {
  press.code = text_member(answer.body, "code");
  ++later_refusals_[press.code];
  const std::int64_t now_ns = exchange.answered_at_ns;
  // Whoever may not pay may not pay a moment later either.
  if (exchange.status == 401 || exchange.status == 403) {
    return finish(press, Outcome::stranded, now_ns);
  }
  // The order may have moved between two requests: its state decides, not the refusal.
  again_at({press.buyer, Ask::look}, now_ns + std::max(retry_after_ns(answer), kAgainNs));
}

void Crowd::on_order(Press& press, const Exchange& exchange, std::string_view body) {
  const std::int64_t now_ns = exchange.answered_at_ns;
  press.code.clear();  // what was refused before has been done since
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
  if (press.state == "paid") return on_paid(press, exchange, text_member(body, "money"));
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
  add_task({press.buyer, ask});
}

void Crowd::on_paying(Press& press, const Exchange& exchange) {
  if (exchange.task.ask != Ask::begin) {
    return again_later({press.buyer, Ask::look}, exchange.answered_at_ns);
  }
  add_task({press.buyer, press.payment_fails ? Ask::release : Ask::confirm});
}

/// Money that is only authorised may still be refused to the shop, and the unit goes on then.
void Crowd::on_paid(Press& press, const Exchange& exchange, std::string_view money) {
  if (money != "authorised") return finish(press, Outcome::paid, exchange.answered_at_ns);
  again_later({press.buyer, Ask::look}, exchange.answered_at_ns);
}

void Crowd::stand_in_line(Press& press, const Exchange& exchange, std::string_view body) {
  press.place = number_member(body, "place");
  Gateway& at = gateway_of(press.buyer);
  // Word that the line has moved on may have come before this answer, on another connection.
  const bool ended = at.line_empty && at.line_heard_ns >= exchange.sent_at_ns;
  if (exchange.task.ask != Ask::look && (ended || press.place < at.head)) {
    add_task({press.buyer, Ask::look});
    return;
  }
  at.line.emplace(press.place, press.buyer);
}

void Crowd::on_line(std::uint32_t gateway, std::uint64_t head, std::uint64_t waiting,
                    std::int64_t now_ns) {
  Gateway& at = gateways_[gateway];
  at.head = head;
  at.line_empty = waiting == 0;
  at.line_heard_ns = now_ns;
  const auto end = at.line_empty ? at.line.end() : at.line.lower_bound(head);
  for (auto it = at.line.begin(); it != end; ++it) add_task({it->second, Ask::look});
  at.line.erase(at.line.begin(), end);
}

void Crowd::ask_again() {
  for (Gateway& at : gateways_) {
    for (std::size_t i = 0; i < kAskAgainMax && !at.line.empty(); ++i) {
      add_task({at.line.begin()->second, Ask::look});
      at.line.erase(at.line.begin());
    }
  }
}

bool Crowd::anybody_waiting() const {
  return std::ranges::any_of(gateways_, [](const Gateway& at) { return !at.line.empty(); });
}

void Crowd::on_cut(const Exchange& exchange, std::int64_t now_ns) {
  const std::uint32_t buyer = exchange.task.buyer;
  const unsigned doublings = std::min<unsigned>(repeats_[buyer], kCutDoublingsMax);
  const Task again = is_first(exchange.task.ask) ? exchange.task : Task{buyer, Ask::look};
  again_at(again, now_ns + (kAgainNs << doublings));
}

/// A payment may take a provider seconds: who has asked often asks more seldom.
void Crowd::again_later(Task task, std::int64_t now_ns) {
  const unsigned doublings = std::min<unsigned>(repeats_[task.buyer] / 10U, kAgainDoublingsMax);
  again_at(task, now_ns + (kAgainNs << doublings));
}

void Crowd::again_at(Task task, std::int64_t at_ns) {
  if (++repeats_[task.buyer] > kRepeatsMax) {
    Press& press = presses_[task.buyer];
    return finish(press, press.order.empty() ? Outcome::error : Outcome::stranded, kNever);
  }
  timers_.push({at_ns, task});
}

void Crowd::release_timers(std::int64_t now_ns) {
  while (!timers_.empty() && timers_.top().at_ns <= now_ns) {
    add_task(timers_.top().task);
    timers_.pop();
  }
}

std::int64_t Crowd::next_timer_ns() const {
  return timers_.empty() ? std::numeric_limits<std::int64_t>::max() : timers_.top().at_ns;
}

Task Crowd::take_task(std::uint32_t gateway) {
  std::deque<Task>& tasks = gateways_[gateway].tasks;
  const Task task = tasks.front();
  tasks.pop_front();
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

#include "sim/bank.h"

#include <algorithm>
#include <chrono>

namespace dibs::sim {
namespace {

using payment::Verdict;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

Verdict verdict_of(payment::Intent::Status status) {
  return status == payment::Intent::Status::declined ? Verdict::declined : Verdict::authorised;
}

}  // namespace

Bank::Bank(Random& random, Agenda& agenda, LawOf law, Tell tell)
    : random_(random), agenda_(agenda), law_(std::move(law)), tell_(std::move(tell)) {}

void Bank::soon(Agenda::Happening happening) {
  const bool slow = !quiet_ && random_.chance(100);
  agenda_.after(random_.between(microseconds(200), slow ? seconds(5) : milliseconds(80)),
                std::move(happening));
}

void Bank::answer(Agenda::Happening happening) {
  soon([this, life = lives_, happening = std::move(happening)]() mutable {
    if (life == lives_) happening();
  });
}

bool Bank::answers_at_once(std::string_view token) const { return token == kAtOnce; }

void Bank::authorise(const payment::Attempt& attempt, Done done) {
  const auto [found, is_new] = intents_.try_emplace(attempt.key);
  payment::Intent& intent = found->second;
  if (is_new) {
    intent = {.id = "pi_" + std::to_string(intents_.size()),
              .key = attempt.key,
              .order = to_text(attempt.order),
              .amount = attempt.amount,
              .currency = attempt.currency};
    Law& law = law_(attempt.order.sale);
    if (law.amount(attempt.order.key) != attempt.amount) broke(intent.order, ": another amount");
    if (answers_at_once(attempt.token)) {
      decide(attempt.key);
    } else {
      const bool slow = random_.chance(150);
      agenda_.after(random_.between(milliseconds(1), slow ? seconds(6) : seconds(1)),
                    [this, key = attempt.key] { decide(key); });
    }
  }
  if (intent.status == Status::processing) {
    waiting_[attempt.key] = std::move(done);
    return;
  }
  if (answers_at_once(attempt.token)) return done(verdict_of(intent.status));
  answer(
      [done = std::move(done), verdict = verdict_of(intent.status)]() mutable { done(verdict); });
}

void Bank::decide(const std::string& key) {
  payment::Intent& intent = intents_.at(key);
  const OrderId order = parse_order_id(intent.order).value();
  const bool good = random_.chance(700);
  intent.status = good ? Status::requires_capture : Status::declined;
  Law& law = law_(order.sale);
  if (good) {
    law.asked({.action = sale::PaymentSucceeded{order.key, false}});
  } else {
    law.asked({.action = sale::PaymentFailed{order.key}});
  }
  tell(intent);
  answer([this, key] {
    auto waiting = waiting_.extract(key);
    if (waiting) waiting.mapped()(verdict_of(intents_.at(key).status));
  });
}

void Bank::tell(const payment::Intent& intent) {
  const std::uint64_t copies = quiet_ ? 1 : random_.below(3);
  const payment::IntentEvent event{"payment_intent." + std::string(to_text(intent.status)), intent};
  for (std::uint64_t i = 0; i < copies; ++i) soon([this, event] { tell_(event); });
}

bool Bank::hear(const payment::Told& told) {
  if (!told.verdict) return false;
  auto waiting = waiting_.extract(told.key);
  if (!waiting) return false;
  waiting.mapped()(*told.verdict);
  return true;
}

void Bank::capture(const OrderId& order, std::int64_t amount,
                   std::move_only_function<void(bool)> done) {
  const std::string name = to_text(order);
  if (!law_(order.sale).was_paid(order.key)) broke(name, ": taken before it was paid for certain");
  soon([this, name, amount, done = std::move(done)]() mutable {
    bool taken = std::ranges::any_of(intents_, [&](const auto& row) {
      return row.second.order == name && row.second.status == Status::captured;
    });
    const bool refuses = !quiet_ && random_.chance(100);
    for (auto& [key, intent] : intents_) {
      if (taken || refuses || intent.order != name) continue;
      if (intent.status != Status::requires_capture || intent.amount != amount) continue;
      intent.status = Status::captured;
      taken = true;
    }
    void_all(name);
    if (!taken) {
      const OrderId id = parse_order_id(name).value();
      law_(id.sale).asked({.action = sale::CaptureSettled{id.key, false}});
    }
    answer([done = std::move(done), taken]() mutable { done(taken); });
  });
}

void Bank::void_all(const std::string& order) {
  for (auto& [key, intent] : intents_) {
    if (intent.order == order && intent.status == Status::requires_capture)
      intent.status = Status::canceled;
  }
}

void Bank::void_authorisation(const OrderId& order, std::move_only_function<void(bool)> done) {
  soon([this, name = to_text(order), done = std::move(done)]() mutable {
    void_all(name);
    answer([done = std::move(done)]() mutable { done(true); });
  });
}

void Bank::refund(const OrderId& order, std::move_only_function<void(bool)> done) {
  if (!law_(order.sale).refund_was_due(order.key))
    broke(to_text(order), ": given back before it was certain that it is to be");
  soon([this, name = to_text(order), done = std::move(done)]() mutable {
    bool given = false;
    const bool busy = !quiet_ && random_.chance(100);
    for (auto& [key, intent] : intents_) {
      if (busy || intent.order != name) continue;
      if (intent.status == Status::captured) intent.status = Status::refunded;
      given = given || intent.status == Status::refunded;
    }
    answer([done = std::move(done), given]() mutable { done(given); });
  });
}

void Bank::open_payments(std::move_only_function<void(std::vector<payment::OpenPayment>)> done) {
  soon([this, done = std::move(done)]() mutable {
    std::vector<payment::OpenPayment> open;
    for (const auto& [key, intent] : intents_) {
      if (intent.status != Status::requires_capture) continue;
      open.push_back({parse_order_id(intent.order).value(), intent.amount, intent.currency});
    }
    answer([done = std::move(done), open = std::move(open)]() mutable { done(std::move(open)); });
  });
}

void Bank::look_up(const std::string& key,
                   std::move_only_function<void(std::optional<Verdict>)> done) {
  soon([this, key, done = std::move(done)]() mutable {
    std::optional<Verdict> verdict;
    const auto found = intents_.find(key);
    const bool busy = !quiet_ && random_.chance(50);
    if (!busy && found != intents_.end() && found->second.status != Status::processing)
      verdict = verdict_of(found->second.status);
    answer([done = std::move(done), verdict]() mutable { done(verdict); });
  });
}

void Bank::hang_up() {
  ++lives_;
  waiting_.clear();
}

void Bank::close(const std::map<std::string, Law>& laws) {
  struct Taken {
    int captured = 0;
    int refunded = 0;
  };
  std::map<std::string, Taken> taken;
  for (const auto& [key, intent] : intents_) {
    if (intent.status == Status::processing) broke(intent.order, ": a payment never decided");
    if (intent.status == Status::requires_capture)
      broke(intent.order, ": money stays reserved for ever");
    taken[intent.order].captured += intent.status == Status::captured ? 1 : 0;
    taken[intent.order].refunded += intent.status == Status::refunded ? 1 : 0;
  }
  for (const auto& [name, of] : taken) {
    const OrderId order = parse_order_id(name).value();
    const auto money = laws.at(order.sale.value()).money(order.key);
    const bool holds = money == sale::Money::captured || money == sale::Money::refund_due;
    if (of.captured != (holds ? 1 : 0))
      broke(name,
            holds ? ": the sale has money that nobody paid" : ": money kept without an order");
    if (of.refunded != (money == sale::Money::refunded ? 1 : 0))
      broke(name, ": the sale and the bank disagree on what was given back");
    if (money == sale::Money::refund_due) broke(name, ": money that is due was never given back");
    if (money == sale::Money::authorised) broke(name, ": a paid order's money was never taken");
  }
}

}  // namespace dibs::sim

#include "sale/checkers/model.h"

#include <algorithm>
#include <chrono>

namespace dibs::sale::checkers {
namespace {

using std::chrono::seconds;

}  // namespace

ModelAnswer Model::on(const Buy& c) {
  std::map<std::string, std::int64_t> wants;
  std::int64_t n = 0;
  for (const auto& l : c.lines) {
    if (item(l.sku.value()) == nullptr) return answer(Code::unknown_sku);
    wants[l.sku.value()] = l.quantity;
    n += l.quantity;
  }
  bool key_taken = false;
  for (const auto& o : orders_) {
    if (c.key.empty() || o.buyer != c.buyer.value() || o.idempotency_key != c.key.value()) continue;
    key_taken = true;
    if (o.wants != wants) continue;
    ModelAnswer a = answer(Code::ok, &o);
    a.replayed = true;
    return a;
  }
  const auto refuse = [](Code code) {
    ModelAnswer a = answer(code);
    a.numbered = true;
    return a;
  };
  if (key_taken) return refuse(Code::idempotency_mismatch);
  if (closed_) return refuse(Code::closed);
  if (paused_) return refuse(Code::paused);
  if (!opened_) return refuse(Code::not_open);
  if (counted_units(c.buyer.value()) + n > static_cast<std::int64_t>(spec_.limit_per_buyer)) {
    ModelAnswer a = refuse(Code::limit_reached);
    for (const auto& o : orders_) {
      if (o.buyer == c.buyer.value() && is_counted(o)) a.live.push_back(o.key);
    }
    return a;
  }

  bool now = true;
  bool ever = true;
  bool shut = false;
  for (const auto& [sku, quantity] : wants) {
    now = now && line(sku).empty() && quantity <= available(sku);
    ever = ever && quantity <= most_ever(sku);
    shut = shut || shut_[sku];
  }
  const std::uint64_t room = line_limit_of(spec_);
  if (!now && (!ever || shut || room == 0)) return refuse(Code::sold_out);
  if (!now && waiting() >= room) {
    for (const auto& [sku, quantity] : wants) {
      shut_[sku] = true;
      tell("dibs.sale.line_shut", sku);
    }
    serve();  // nobody waits in some, and units are free there
    return refuse(Code::sold_out);
  }

  ModelOrder o;
  o.key = c.order;
  o.buyer = c.buyer.value();
  o.idempotency_key = c.key.value();
  o.reference = c.reference.value();
  o.arrival = c.arrival;
  o.wants = wants;
  o.received = received_;
  o.state = now ? OrderState::held : OrderState::waiting;
  if (now && spec_.payment == PaymentMode::none) o.state = OrderState::paid;
  o.deadline = clock() + seconds(spec_.hold_seconds);
  if (!now) {
    for (const auto& [sku, quantity] : wants) o.places[sku] = ++last_place_[sku];
  }
  orders_.push_back(o);
  tell("dibs.order." + std::string(to_text(o.state)), o);
  serve();
  ModelAnswer a = answer(Code::ok, &orders_.back());
  a.numbered = true;
  return a;
}

ModelAnswer Model::on(const BeginPayment& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->state == OrderState::paying) return answer(Code::ok, o);
  const bool expired = o->state == OrderState::released && o->reason == Reason::expired;
  if (o->state != OrderState::held) return answer(expired ? Code::too_late : Code::wrong_state, o);
  o->state = OrderState::paying;
  const Instant window_ends = clock() + seconds(spec_.payment_seconds);
  if (!o->window_used && o->deadline < window_ends) {
    o->deadline = window_ends;
    o->window_used = true;
  }
  tell("dibs.order.paying", *o);
  return answer(Code::ok, o);
}

ModelAnswer Model::on(const PaymentSucceeded& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  const bool provider = spec_.payment == PaymentMode::provider;
  const Money money = !provider || c.captured ? Money::captured : Money::authorised;
  if (o->state == OrderState::paid) return answer(Code::ok, o);
  if (has_hold(*o)) {
    o->state = OrderState::paid;
    o->money = money;
    tell("dibs.order.paid", *o);
    serve();
    return answer(Code::ok, o);
  }
  if (o->state != OrderState::released || o->reason == Reason::refunded) {
    return answer(Code::wrong_state, o);
  }
  if (o->money != Money::none) return answer(Code::too_late, o);
  bool take = o->reason == Reason::expired || o->reason == Reason::payment_failed;
  std::int64_t n = 0;
  for (const auto& [sku, quantity] : o->wants) {
    take = take && line(sku).empty() && quantity <= available(sku);
    n += quantity;
  }
  take = take && counted_units(o->buyer) + n <= static_cast<std::int64_t>(spec_.limit_per_buyer);
  if (take) {
    o->state = OrderState::paid;
    o->money = money;
    o->reason = Reason::none;
    tell("dibs.order.paid", *o);
    serve();
    return answer(Code::ok, o);
  }
  // A shop gives the money back itself: nothing of it comes into the sale.
  o->money = provider && c.captured ? Money::refund_due : Money::voided;
  tell(o->money == Money::voided ? "dibs.order.voided" : "dibs.order.refund_due", *o);
  return answer(Code::too_late, o);
}

ModelAnswer Model::on(const PaymentFailed& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->state == OrderState::held && o->failed_attempts > 0) return answer(Code::ok, o);
  if (o->state == OrderState::released && o->reason == Reason::payment_failed) {
    return answer(Code::ok, o);
  }
  if (o->state != OrderState::paying) return answer(Code::wrong_state, o);
  if (o->failed_attempts + 1 < spec_.payment_attempts) {
    ++o->failed_attempts;
    o->state = OrderState::held;
    tell("dibs.order.declined", *o);
  } else {
    give_back(*o, Reason::payment_failed);
  }
  return answer(Code::ok, o);
}

ModelAnswer Model::on(const CaptureSettled& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->state == OrderState::paid && o->money == Money::authorised) {
    o->money = c.captured ? Money::captured : Money::voided;
    if (!c.captured) give_back(*o, Reason::capture_failed);
    if (c.captured) {
      tell("dibs.order.captured", *o);
      serve();  // the last unit that could come back may be gone
    }
    return answer(Code::ok, o);
  }
  const bool taken =
      o->money == Money::captured || o->money == Money::refund_due || o->money == Money::refunded;
  const bool known = c.captured ? taken : o->reason == Reason::capture_failed;
  return answer(known ? Code::ok : Code::wrong_state, o);
}

ModelAnswer Model::on(const Release& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->state == OrderState::released) return answer(Code::ok, o);
  if (!has_hold(*o)) return answer(Code::wrong_state, o);
  give_back(*o, c.reason);
  return answer(Code::ok, o);
}

ModelAnswer Model::on(const Cancel& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->state == OrderState::released) return answer(Code::ok, o);
  if (!has_hold(*o) && o->state != OrderState::waiting) return answer(Code::wrong_state, o);
  give_back(*o, Reason::cancelled);
  return answer(Code::ok, o);
}

ModelAnswer Model::on(const Refund& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  const bool again = o->money == Money::refund_due || o->money == Money::refunded;
  if (!again && o->state != OrderState::paid) return answer(Code::wrong_state, o);
  if (o->money == Money::authorised) return answer(Code::wrong_state, o);
  if (!again) {
    o->money = Money::refund_due;
    tell("dibs.order.refund_due", *o);
    if (spec_.payment != PaymentMode::provider) {
      o->money = Money::refunded;
      tell("dibs.order.refunded", *o);
    }
  }
  if (c.restock && o->state == OrderState::paid) give_back(*o, Reason::refunded);
  return answer(Code::ok, o);
}

ModelAnswer Model::on(const RefundSettled& c) {
  ModelOrder* o = find(c.order);
  if (o == nullptr) return answer(Code::unknown_order);
  if (o->money != Money::refund_due && o->money != Money::refunded) {
    return answer(Code::wrong_state, o);
  }
  if (o->money == Money::refund_due) tell("dibs.order.refunded", *o);
  o->money = Money::refunded;
  return answer(Code::ok, o);
}

}  // namespace dibs::sale::checkers

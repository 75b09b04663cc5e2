#include <algorithm>

#include "base/limits.h"
#include "sale/mutant.h"
#include "sale/rules.h"
#include "sale/views.h"

/// Paying, leaving, refunding. Every hold resolves once: each of these decides on the order's
/// state as it is, and a repeated command finds what the first one left and answers with that.
namespace dibs::sale {
Outcome Rules::decide(const BeginPayment& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const StoredOrder& o = state_.book.at(order);
  const OrderState state = state_.state_of(order);
  if (state == OrderState::paying) return done(order);
  if (state == OrderState::released && o.reason == Reason::expired) {
    return refuse(Code::too_late, order);
  }
  if (state != OrderState::held) return refuse(Code::wrong_state, order);

  // Units are kept for at least payment_seconds more, but only once, or nobody would have to pay.
  const Instant deadline = state_.expires_at(order);
  const Instant window_ends = deadline_after(state_.spec->payment_seconds);
  const bool needs_more = deadline < window_ends || planted(Mutant::begin_uses_up_extension);
  const bool extends = !o.extended && needs_more;
  record(Paying{ref(order), o.declines + 1, extends ? std::max(deadline, window_ends) : deadline,
                extends});
  serve_lines(limits::kOrdersPerStep);
  return done(order);
}

Outcome Rules::decide(const PaymentSucceeded& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const OrderState state = state_.state_of(order);
  if (state == OrderState::paid) return done(order);
  if (holds_units(state)) {
    // A shop that says so has the money.
    const bool captured = command.captured || state_.spec->payment != PaymentMode::provider;
    record(Paid{ref(order), captured ? Money::captured : Money::authorised, false});
    serve_lines(limits::kOrdersPerStep);
    return done(order);
  }
  const Reason reason = state_.book.at(order).reason;
  if (state != OrderState::released || reason == Reason::refunded) {
    return refuse(Code::wrong_state, order);
  }
  return succeed_late(order, command.captured);
}

/// The hold is gone, but the money is there. What becomes of that money is decided once and
/// recorded, so that a repeated success changes nothing, however many units are free by then. A
/// shop that is told `too_late` gives the money back: to the sale it is void.
Outcome Rules::succeed_late(OrderIndex order, bool captured) {
  if (state_.book.at(order).money != Money::none) return refuse(Code::too_late, order);
  const bool by_provider = state_.spec->payment == PaymentMode::provider;
  if (can_be_taken_late(order)) {
    const Money money = captured || !by_provider ? Money::captured : Money::authorised;
    record(Paid{ref(order), money, true});
    serve_lines(limits::kOrdersPerStep);
    return done(order);
  }
  if (by_provider && captured) {
    record(RefundDue{ref(order)});
  } else if (!planted(Mutant::late_payment_is_not_recorded)) {
    record(MoneyMoved{ref(order), Money::voided});
  }
  return refuse(Code::too_late, order);
}

/// Whoever left by themselves is not brought back. The others are, when that takes nothing from
/// anybody: units are free, nobody waits for them, and the buyer has the allowance for them.
bool Rules::can_be_taken_late(OrderIndex order) {
  const StoredOrder& o = state_.book.at(order);
  if (o.reason != Reason::expired && o.reason != Reason::payment_failed) return false;
  const bool free = std::ranges::all_of(state_.book.lines(order), [this](const StoredLine& line) {
    const Item& item = state_.items[line.item];
    const bool nobody_waits = item.line.empty() || planted(Mutant::late_payment_passes_line);
    return nobody_waits && line.quantity <= item.available;
  });
  return free && allowance_permits(o.buyer, state_.book.units(order));
}

Outcome Rules::decide(const PaymentFailed& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const StoredOrder& o = state_.book.at(order);
  const OrderState state = state_.state_of(order);
  const bool heard_before = (state == OrderState::held && o.declines > 0) ||
                            (state == OrderState::released && o.reason == Reason::payment_failed);
  if (heard_before) return done(order);
  if (state != OrderState::paying) return refuse(Code::wrong_state, order);

  if (o.declines + 1 < state_.spec->payment_attempts) {
    record(Declined{ref(order)});
    serve_lines(limits::kOrdersPerStep);
  } else {
    release(order, Reason::payment_failed);
  }
  return done(order);
}

Outcome Rules::decide(const CaptureSettled& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const StoredOrder& o = state_.book.at(order);
  const bool capture_is_open = o.state == OrderState::paid && o.money == Money::authorised;
  if (capture_is_open && command.captured) {
    record(MoneyMoved{ref(order), Money::captured});
    serve_lines(limits::kOrdersPerStep);  // the last that could come back may be gone
    return done(order);
  }
  if (capture_is_open) {
    release(order, Reason::capture_failed, Money::voided);
    return done(order);
  }
  const bool was_captured =
      o.money == Money::captured || o.money == Money::refund_due || o.money == Money::refunded;
  const bool heard_before = command.captured ? was_captured : o.reason == Reason::capture_failed;
  return heard_before ? done(order) : refuse(Code::wrong_state, order);
}

Outcome Rules::decide(const Release& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const OrderState state = state_.state_of(order);
  if (state == OrderState::released) return done(order);
  if (!holds_units(state)) return refuse(Code::wrong_state, order);
  release(order,
          command.reason == Reason::payment_failed ? Reason::payment_failed : Reason::cancelled);
  return done(order);
}

Outcome Rules::decide(const Cancel& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const OrderState state = state_.state_of(order);
  if (state == OrderState::released) return done(order);
  if (!holds_units(state) && state != OrderState::waiting) {
    return refuse(Code::wrong_state, order);
  }
  release(order, Reason::cancelled);
  return done(order);
}

/// The money goes back once, and the units go back once, maybe at a second call.
Outcome Rules::decide(const Refund& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const StoredOrder& o = state_.book.at(order);
  const bool returned = o.money == Money::refund_due || o.money == Money::refunded;
  const bool has_units = state_.state_of(order) == OrderState::paid;
  if (!returned && !has_units) return refuse(Code::wrong_state, order);
  if (o.money == Money::authorised) {
    return refuse(Code::wrong_state, order,
                  "The payment is not captured yet; try again after that.");
  }

  const bool by_provider = state_.spec->payment == PaymentMode::provider;
  if (!returned) {
    record(RefundDue{ref(order)});
    // Whoever calls has moved, or moves, the money: there is nobody else to report it.
    if (!by_provider) record(MoneyMoved{ref(order), Money::refunded});
  }
  if (command.restock && has_units) release(order, Reason::refunded, o.money);
  return done(order);
}

Outcome Rules::decide(const RefundSettled& command) {
  const OrderIndex order = state_.book.find(command.order);
  if (order == kNoOrder) return refuse(Code::unknown_order);
  const Money money = state_.book.at(order).money;
  if (money == Money::refunded) return done(order);
  if (money != Money::refund_due) return refuse(Code::wrong_state, order);
  record(MoneyMoved{ref(order), Money::refunded});
  return done(order);
}

/// Exactly this order's units go back, and to the heads of the lines in the same step.
void Rules::release(OrderIndex order, Reason reason, Money money) {
  if (planted(Mutant::rolls_back_another_order) && reason == Reason::payment_failed) {
    for (OrderIndex other = order; other < state_.book.size(); ++other) {
      if (holds_units(state_.book.at(other).state)) order = other;
    }
  }
  record(Released{ref(order), reason, money});
  if (planted(Mutant::release_serves_nobody)) return;
  serve_lines(limits::kOrdersPerStep);
}

}  // namespace dibs::sale

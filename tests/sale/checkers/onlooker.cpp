#include "sale/checkers/onlooker.h"

#include <algorithm>

namespace dibs::sale::checkers {
namespace {

/// What may become of an order in this state, by the order's own command or without.
struct Step {
  OrderState from;
  OrderState to;
  Reason reason;
  bool by_command;
};

constexpr Step kLegalSteps[] = {
    {OrderState::waiting, OrderState::held, Reason::none, false},
    {OrderState::waiting, OrderState::released, Reason::cancelled, true},
    {OrderState::waiting, OrderState::sold_out, Reason::none, false},
    {OrderState::waiting, OrderState::closed, Reason::none, false},
    {OrderState::held, OrderState::paying, Reason::none, true},
    {OrderState::held, OrderState::paid, Reason::none, true},
    {OrderState::held, OrderState::released, Reason::cancelled, true},
    {OrderState::held, OrderState::released, Reason::payment_failed, true},
    {OrderState::held, OrderState::released, Reason::expired, false},
    {OrderState::paying, OrderState::held, Reason::none, true},
    {OrderState::paying, OrderState::paid, Reason::none, true},
    {OrderState::paying, OrderState::released, Reason::cancelled, true},
    {OrderState::paying, OrderState::released, Reason::payment_failed, true},
    {OrderState::paying, OrderState::released, Reason::expired, false},
    {OrderState::paid, OrderState::released, Reason::capture_failed, true},
    {OrderState::paid, OrderState::released, Reason::refunded, true},
    {OrderState::released, OrderState::paid, Reason::none, true},
};

constexpr std::pair<Money, Money> kLegalMoney[] = {
    {Money::none, Money::authorised},     {Money::none, Money::captured},
    {Money::none, Money::voided},         {Money::none, Money::refund_due},
    {Money::authorised, Money::captured}, {Money::authorised, Money::voided},
    {Money::captured, Money::refund_due}, {Money::captured, Money::refunded},
    {Money::refund_due, Money::refunded},
};

}  // namespace

std::optional<std::string> Onlooker::judge(const Command* command, const Outcome* outcome,
                                           Instant now) {
  units_are_conserved();
  limits_are_kept();
  positions_are_true();
  nobody_servable_waits();
  holds_end_at_their_deadline(now);
  deadlines_are_what_was_promised(now);
  the_answer_is_due(command, outcome);
  changes_are_legal(command);
  nobody_is_passed();
  the_shut_line_admits_nobody(command, outcome);
  return broken_;
}

const ItemView& Onlooker::item(const std::string& sku) const {
  const auto& items = after_.sale.spec->items;
  const auto found = std::ranges::find(items, sku, [](const ItemSpec& i) { return i.sku.value(); });
  return after_.sale.items[static_cast<std::size_t>(found - items.begin())];
}

std::int64_t Onlooker::most_ever(const std::string& sku) const {
  std::int64_t most = item(sku).total - item(sku).sold;
  for (const OrderView& o : after_.orders) {
    if (o.state != OrderState::paid || o.money != Money::authorised) continue;
    for (const OrderLine& l : o.lines) most += l.sku.value() == sku ? l.quantity : 0;
  }
  return most;
}

std::vector<const OrderView*> Onlooker::line(const std::string& sku) const {
  std::vector<const OrderView*> in_line;
  for (const OrderView& o : after_.orders) {
    if (o.state != OrderState::waiting) continue;
    for (const OrderLine& l : o.lines) {
      if (l.sku.value() == sku) in_line.push_back(&o);
    }
  }
  return in_line;
}

const OrderView* Onlooker::earlier(const OrderView& order) const {
  const auto found = std::ranges::find(before_.orders, order.id, &OrderView::id);
  return found == before_.orders.end() ? nullptr : &*found;
}

void Onlooker::units_are_conserved() {
  for (std::size_t i = 0; i < after_.sale.items.size(); ++i) {
    const ItemView& item = after_.sale.items[i];
    const std::string& sku = after_.sale.spec->items[i].sku.value();
    std::int64_t held = 0;
    std::int64_t sold = 0;
    for (const OrderView& o : after_.orders) {
      for (const OrderLine& l : o.lines) {
        if (l.sku.value() != sku) continue;
        held += has_hold(o) ? l.quantity : 0;
        sold += o.state == OrderState::paid ? l.quantity : 0;
      }
    }
    if (item.held != held || item.sold != sold) fail("units of " + sku + " are not its orders'");
    if (item.available < 0) fail("fewer than no units of " + sku);
    if (item.total != item.available + held + sold) fail("units of " + sku + " are not conserved");
  }
}

void Onlooker::limits_are_kept() {
  std::map<std::string, std::uint64_t> units;
  for (const OrderView& o : after_.orders) {
    if (!is_counted(o)) continue;
    for (const OrderLine& l : o.lines) units[o.buyer.value()] += l.quantity;
  }
  for (const auto& [buyer, count] : units) {
    if (count > after_.sale.spec->limit_per_buyer) fail("buyer " + buyer + " has too many");
  }
}

void Onlooker::positions_are_true() {
  std::map<const OrderView*, std::uint64_t> worst;
  for (const ItemSpec& spec : after_.sale.spec->items) {
    std::uint64_t position = 0;
    for (const OrderView* o : line(spec.sku.value())) {
      worst[o] = std::max(worst[o], ++position);
    }
    if (item(spec.sku.value()).waiting != position) fail("the length of a line is wrong");
  }
  for (const auto& [order, position] : worst) {
    if (order->position != position) {
      fail(name(*order) + " is told position " + std::to_string(order->position.value_or(0)) +
           " and stands at " + std::to_string(position));
    }
  }
}

/// A unit never lies idle while the head of the line could have it, and no head hangs.
void Onlooker::nobody_servable_waits() {
  for (const OrderView& o : after_.orders) {
    if (o.state != OrderState::waiting) continue;
    bool servable = true;
    bool heads_any = false;
    bool hopeless = false;
    for (const OrderLine& l : o.lines) {
      const bool head = line(l.sku.value()).front() == &o;
      const ItemView& figures = item(l.sku.value());
      servable = servable && head && l.quantity <= figures.available;
      heads_any = heads_any || head;
      hopeless = hopeless || l.quantity > most_ever(l.sku.value());
    }
    if (servable) fail(name(o) + " waits although it could be served");
    if (heads_any && hopeless) fail(name(o) + " is at the head and can never be served");
    if (after_.sale.state == SaleState::closed) fail(name(o) + " waits in a closed sale");
  }
}

void Onlooker::holds_end_at_their_deadline(Instant now) {
  for (const OrderView& o : after_.orders) {
    const OrderView* was = earlier(o);
    const bool paused = after_.sale.state == SaleState::paused;
    if (has_hold(o) && !o.expires_at) fail(name(o) + " has no deadline");
    if (has_hold(o) && !paused && *o.expires_at <= now) fail(name(o) + " is past its deadline");
    if (was == nullptr || !was->expires_at) continue;
    if (o.expires_at && *o.expires_at < *was->expires_at) fail(name(o) + " has less time now");
    const bool expired = o.reason == Reason::expired && was->reason != Reason::expired;
    if (expired && now < *was->expires_at) fail(name(o) + " expired early");
  }
}

/// A hold has its window, counted from the end of a pause that it was made in, and moves later by
/// the length of a pause, and once by a begun payment.
void Onlooker::deadlines_are_what_was_promised(Instant now) {
  for (const OrderView& o : after_.orders) {
    if (!has_hold(o) || !o.expires_at) continue;
    if (*o.expires_at != promised_deadline(o, now)) fail(name(o) + " has another deadline");
  }
  const bool paused = after_.sale.state == SaleState::paused;
  if (!paused) memory_.paused_since.reset();
  if (paused && !memory_.paused_since) memory_.paused_since = now;
}

Instant Onlooker::promised_deadline(const OrderView& order, Instant now) {
  const SaleSpec& spec = *after_.sale.spec;
  const Instant clock = memory_.paused_since.value_or(now);
  const OrderView* was = earlier(order);
  if (was == nullptr) return clock + std::chrono::seconds(spec.hold_seconds);
  if (!has_hold(*was)) return clock + std::chrono::seconds(spec.promotion_seconds);
  const bool pause_ended = memory_.paused_since && after_.sale.state != SaleState::paused;
  const Instant deadline = *was->expires_at + (pause_ended ? now - clock : Duration::zero());
  const bool begun = was->state == OrderState::held && order.state == OrderState::paying;
  const Instant window_ends = clock + std::chrono::seconds(spec.payment_seconds);
  if (!begun || window_ends <= deadline) return deadline;
  return memory_.prolonged.insert(order.arrival).second ? window_ends : deadline;
}

/// Whoever holds may pay or leave; and who is told that it is too late has no money left in it.
void Onlooker::the_answer_is_due(const Command* command, const Outcome* outcome) {
  const auto key = named_by(command);
  const auto found = std::ranges::find_if(
      before_.orders, [&key](const OrderView& o) { return key && o.id.key == *key; });
  if (found == before_.orders.end()) return;
  const OrderView& was = *found;
  const auto* pays = std::get_if<PaymentSucceeded>(&command->action);
  const bool leaves = std::holds_alternative<Cancel>(command->action);
  const bool may = has_hold(was) || (leaves && was.state == OrderState::waiting);
  if ((leaves || pays != nullptr) && may && outcome->code != Code::ok) {
    fail(name(was) + " may not pay or leave");
  }
  if (pays == nullptr || outcome->code != Code::too_late) return;
  const Money money = outcome->order->money;
  if (money == Money::none) fail("what becomes of the money of " + name(was) + " is not recorded");
  const bool given_back = money == Money::refund_due || money == Money::refunded;
  if (pays->captured && was.money == Money::none && !given_back) {
    fail("captured money of " + name(was) + " is kept");
  }
}

void Onlooker::changes_are_legal(const Command* command) {
  if (after_.orders.size() < before_.orders.size()) return fail("an order has vanished");
  for (const OrderView& o : after_.orders) change_is_legal(earlier(o), o, command);
}

void Onlooker::change_is_legal(const OrderView* was, const OrderView& is, const Command* command) {
  if (was == nullptr) {
    const bool start = is.state == OrderState::held || is.state == OrderState::waiting ||
                       (is.state == OrderState::paid && is.money == Money::none);
    if (!start) fail(name(is) + " begins like that");
    return;
  }
  const bool named = named_by(command) == is.id.key;
  const bool moved = was->state != is.state || was->reason != is.reason;
  if (moved) {
    const bool legal = std::ranges::any_of(kLegalSteps, [&](const Step& step) {
      return step.from == was->state && step.to == is.state && step.reason == is.reason &&
             (named || !step.by_command);
    });
    if (!legal) fail(name(is) + " became that from " + std::string(to_text(was->state)));
  }
  if (was->money != is.money) {
    const bool legal = std::ranges::count(kLegalMoney, std::pair(was->money, is.money)) > 0;
    if (!legal || !named) fail("money of " + name(is) + " moved by itself or backwards");
  }
  const bool was_captured = was->money == Money::captured || was->money == Money::refund_due;
  if (was_captured && is.money == Money::voided) fail("captured money of " + name(is) + " is lost");
  if (!moved && was->money == is.money && was->seq != is.seq && !named) {
    fail(name(is) + " was touched without need");
  }
}

/// Whoever gets units now passes nobody who came earlier and still waits for the same.
void Onlooker::nobody_is_passed() {
  for (const OrderView& o : after_.orders) {
    const OrderView* was = earlier(o);
    if (!has_units(o) || (was != nullptr && has_units(*was))) continue;
    for (const OrderLine& l : o.lines) {
      const auto in_line = line(l.sku.value());
      const bool late = was != nullptr && was->state == OrderState::released;
      if (in_line.empty()) continue;
      if (late || in_line.front()->arrival < o.arrival) {
        fail(name(o) + " passes " + name(*in_line.front()));
      }
    }
  }
}

void Onlooker::the_shut_line_admits_nobody(const Command* command, const Outcome* outcome) {
  const Buy* buy = command == nullptr ? nullptr : std::get_if<Buy>(&command->action);
  if (buy != nullptr && outcome->order && outcome->order->state == OrderState::waiting &&
      !outcome->replayed) {
    for (const OrderLine& l : buy->lines) {
      if (memory_.shut.contains(l.sku.value())) fail("somebody passes one who was turned away");
    }
  }
  const std::uint64_t room = line_limit_of(*after_.sale.spec);
  if (buy != nullptr && outcome->code == Code::sold_out && room > 0 &&
      after_.sale.waiting >= room) {
    const bool only_for_want_of_room = std::ranges::all_of(buy->lines, [this](const OrderLine& l) {
      return l.quantity <= most_ever(l.sku.value()) && !memory_.shut.contains(l.sku.value());
    });
    for (const OrderLine& l : buy->lines) {
      if (only_for_want_of_room) memory_.shut.insert(l.sku.value());
    }
  }
  std::erase_if(memory_.shut, [this](const std::string& sku) {
    return line(sku).empty() && item(sku).available > 0;
  });
  if (after_.sale.state == SaleState::closed) memory_.shut.clear();
  for (const ItemSpec& spec : after_.sale.spec->items) {
    const std::string& sku = spec.sku.value();
    if (item(sku).shut != memory_.shut.contains(sku))
      fail("the line of " + sku + " is shut or open wrongly");
  }
}

}  // namespace dibs::sale::checkers

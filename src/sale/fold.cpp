#include "sale/fold.h"

#include <array>

#include "base/assert.h"
#include "base/limits.h"

namespace dibs::sale {
namespace {

/// Where an order's units are counted; waiting and finished orders have none.
std::int64_t* units_of(Item& item, OrderState state) {
  switch (state) {
    case OrderState::held:
    case OrderState::paying:
      return &item.held;
    case OrderState::paid:
      return &item.sold;
    default:
      return nullptr;
  }
}

class Fold {
 public:
  Fold(State& state, const Event& event) : state_(state), event_(event) {}

  void operator()(const Created& f) {
    state_ = State{};
    set_spec(state_, f.spec);
  }

  void operator()(const Changed& f) { set_spec(state_, f.spec); }

  void operator()(const Opened&) { state_.opened = true; }

  void operator()(const Paused&) {
    state_.paused = true;
    state_.paused_at = event_.at;
  }

  void operator()(const Resumed& f) {
    state_.shift += f.shift;
    if (!f.restart) state_.paused = false;
  }

  void operator()(const Closed&) {
    state_.closed = true;
    for (Item& item : state_.items) item.shut = false;  // nothing is left to reopen
  }

  void operator()(const StockChanged& f) {
    const ItemIndex index = state_.find_item(f.sku.view());
    Item& item = state_.items[index];
    item.total += f.delta;
    item.available += f.delta;
    item.restocked += f.delta;
    if (!f.key.empty()) state_.restocks.emplace(f.key.value(), RestockRecord{f.sku, f.delta});
    touch_after_change(index, f.delta < 0);
  }

  void operator()(const LineEnded& f) {
    const ItemIndex index = state_.find_item(f.sku.view());
    Item& item = state_.items[index];
    // Orders for several SKUs leave their other lines now. Those for this one alone, maybe a
    // million, are left as they are; State::end_of derives what has become of them.
    for (const OrderIndex order : item.line.multi_orders()) {
      move(order, f.by_close ? OrderState::closed : OrderState::sold_out, Money::none,
           Reason::none);
    }
    state_.waiting -= item.line.size();
    item.line.clear();
    item.ends.push_back(LineEnd{f.upto, event_.seq, f.by_close});
    ++state_.line_ends;
    state_.touch(index);
  }

  void operator()(const LineShut& f) {
    const ItemIndex index = state_.find_item(f.sku.view());
    state_.items[index].shut = true;
    state_.touch(index);
  }

  void operator()(const LineReopened& f) {
    const ItemIndex index = state_.find_item(f.sku.view());
    state_.items[index].shut = false;
    state_.touch(index);
  }

  void operator()(const Removed&) { state_ = State{}; }

  void operator()(const Archived&) {
    state_ = State{};
    state_.archived = true;
  }

  void operator()(const Accepted& f) {
    std::array<StoredLine, limits::kItemsPerOrder> lines;
    for (std::size_t i = 0; i < f.lines.size(); ++i) {
      lines.at(i).item = state_.find_item(f.lines[i].sku.view());
      lines.at(i).quantity = static_cast<std::uint16_t>(f.lines[i].quantity);
    }
    const NewOrder order{f.order.key,
                         f.order.arrival,
                         to_ns(f.received),
                         f.buyer.view(),
                         f.key.view(),
                         f.reference.view(),
                         std::span(lines).first(f.lines.size())};
    const OrderIndex index = state_.book.add(order, state_.line_ends);
    set_deadline(index, f.expires_at);
    move(index, f.state, Money::none, Reason::none);
  }

  void operator()(const Promoted& f) {
    const OrderIndex index = state_.book.find(f.order.key);
    set_deadline(index, f.expires_at);
    move(index, f.state, Money::none, Reason::none);
  }

  void operator()(const Paying& f) {
    const OrderIndex index = state_.book.find(f.order.key);
    StoredOrder& order = state_.book.at(index);
    const std::int64_t deadline_before = order.deadline_ns;
    set_deadline(index, f.expires_at);
    if (order.deadline_ns != deadline_before) state_.holds.postponed(state_.book, index);
    if (f.extends) order.extended = true;
    move(index, OrderState::paying, Money::none, Reason::none);
  }

  void operator()(const Declined& f) {
    const OrderIndex index = state_.book.find(f.order.key);
    ++state_.book.at(index).declines;
    move(index, OrderState::held, Money::none, Reason::none);
  }

  void operator()(const Paid& f) {
    move(state_.book.find(f.order.key), OrderState::paid, f.money, Reason::none);
  }

  void operator()(const MoneyMoved& f) { set_money(f.order, f.money); }

  void operator()(const RefundDue& f) { set_money(f.order, Money::refund_due); }

  void operator()(const Released& f) {
    move(find_held(f.order.key), OrderState::released, f.money, f.reason);
  }

  void operator()(const EndedSoldOut& f) {
    move(state_.book.find(f.order.key), OrderState::sold_out, Money::none, Reason::none);
  }

 private:
  void set_deadline(OrderIndex order, std::optional<Instant> expires_at) {
    if (expires_at) state_.book.at(order).deadline_ns = to_ns(*expires_at - state_.shift);
  }

  /// The same as Book::find. Mostly it is the hold that ends first, which is at hand: a hundred
  /// thousand that end at once would each be looked up in memory that nobody else has touched.
  [[nodiscard]] OrderIndex find_held(const OrderKey& key) const {
    if (!state_.holds.empty() && state_.book.at(state_.holds.first()).key == key) {
      return state_.holds.first();
    }
    return state_.book.find(key);
  }

  void set_money(const OrderRef& ref, Money money) {
    const OrderIndex index = state_.book.find(ref.key);
    const StoredOrder& order = state_.book.at(index);
    move(index, order.state, money, order.reason);
  }

  /// The one way in which an order changes: units, line, deadline, allowance, then the order.
  void move(OrderIndex index, OrderState to, Money money, Reason reason) {
    StoredOrder& order = state_.book.at(index);
    const OrderState from = order.state;
    if (from != to) {
      move_units(index, from, to);
      move_line(index, from, to);
    }
    move_capture(index, is_uncaptured(from, order.money), is_uncaptured(to, money));
    const bool counted = counts(from, order.money);
    const bool counts_now = counts(to, money);
    if (counted && !counts_now) state_.book.uncount(index);
    if (!counted && counts_now) state_.book.count(index);

    order.state = to;
    order.money = money;
    order.reason = reason;
    order.seq = event_.seq;
    if (from == to) return;
    move_hold(index, from, to);
    if (to == OrderState::paid) state_.winners.add(index);
    if (from == OrderState::paid) state_.winners.removed(state_.book);
  }

  void move_units(OrderIndex index, OrderState from, OrderState to) {
    for (const StoredLine& line : state_.book.lines(index)) {
      Item& item = state_.items[line.item];
      if (std::int64_t* units = units_of(item, from)) {
        *units -= line.quantity;
        item.available += line.quantity;
      }
      if (std::int64_t* units = units_of(item, to)) {
        item.available -= line.quantity;
        *units += line.quantity;
      }
      touch_after_change(line.item, to == OrderState::paid);
    }
  }

  /// Once it is captured, less can ever be left.
  void move_capture(OrderIndex index, bool was_open, bool is_open) {
    if (was_open == is_open) return;
    for (const StoredLine& line : state_.book.lines(index)) {
      state_.items[line.item].uncaptured += is_open ? line.quantity : -std::int64_t{line.quantity};
      touch_after_change(line.item, was_open);
    }
  }

  void move_line(OrderIndex index, OrderState from, OrderState to) {
    const bool multi = state_.book.at(index).line_count > 1;
    if (to == OrderState::waiting) {
      for (StoredLine& line : state_.book.lines(index)) {
        line.place = state_.items[line.item].line.join(index, multi);
      }
      ++state_.waiting;
    }
    if (from == OrderState::waiting) {
      for (const StoredLine& line : state_.book.lines(index)) {
        state_.items[line.item].line.leave(line.place);
      }
      --state_.waiting;
    }
  }

  void move_hold(OrderIndex index, OrderState from, OrderState to) {
    const bool held = holds_units(from);
    const bool holds_now = holds_units(to);
    if (held && !holds_now) state_.holds.removed(state_.book);
    if (!held && holds_now) state_.holds.add(state_.book, index);
  }

  /// When less can ever be left, an order for several SKUs at the head of another line may have
  /// become one that can never be served.
  void touch_after_change(ItemIndex index, bool less_can_be_left) {
    if (less_can_be_left && state_.items[index].line.multi() > 0) state_.touch_all();
    state_.touch(index);
  }

  State& state_;
  const Event& event_;
};

}  // namespace

void fold(State& state, const Event& event) {
  std::visit(Fold(state, event), event.fact);
  state.seq = event.seq;
  state.last_at = event.at;
  state.last_actor = event.actor;
}

}  // namespace dibs::sale

#include <algorithm>
#include <span>

#include "base/limits.h"
#include "sale/fold.h"

/// Whether an event from outside can be the next one. Checks what folding it in relies on and the
/// laws it could break, so that damaged or foreign bytes are refused and never reach an assert.
namespace dibs::sale {
namespace {

constexpr std::string_view kFine;

class Objection {
 public:
  Objection(const State& state, const Event& event) : state_(state), event_(event) {}

  [[nodiscard]] std::string_view run() const {
    if (event_.seq != state_.seq.next()) return "its seq does not follow.";
    if (event_.at < state_.last_at || !is_storable(event_.at)) return "it is out of time.";
    const bool creates = std::holds_alternative<Created>(event_.fact);
    if (creates == state_.exists()) return creates ? "there is a sale." : "there is no sale.";
    return std::visit(*this, event_.fact);
  }

  std::string_view operator()(const Created& f) const {
    if (problem_of(f.spec)) return "its spec is out of bounds.";
    if (state_.archived) return "the sale is archived.";
    return f.spec.opens_at ? kFine : "it has no opening time.";
  }

  std::string_view operator()(const Changed& f) const {
    if (problem_of(f.spec)) return "its spec is out of bounds.";
    if (!f.spec.opens_at) return "it has no opening time.";
    if (!state_.opened && !state_.closed) return kFine;
    const SaleSpec& now = *state_.spec;
    const bool frozen_same =
        f.spec.items == now.items && f.spec.opens_at == now.opens_at &&
        f.spec.limit_per_buyer == now.limit_per_buyer && f.spec.payment == now.payment &&
        f.spec.currency == now.currency && f.spec.checkout_url == now.checkout_url &&
        f.spec.public_stock_hidden == now.public_stock_hidden && f.spec.test == now.test;
    return frozen_same ? kFine : "it changes what can no longer change.";
  }

  std::string_view operator()(const Opened&) const {
    if (state_.opened || state_.closed) return "the sale has opened before.";
    return event_.at >= *state_.spec->opens_at ? kFine : "it is early.";
  }

  std::string_view operator()(const Paused&) const {
    return state_.paused || state_.closed ? "the sale is paused or closed." : kFine;
  }

  std::string_view operator()(const Resumed& f) const {
    if (f.shift < Duration::zero() || f.shift > event_.at - state_.last_at + paused_for()) {
      return "its shift is longer than the time that has passed.";
    }
    if (f.restart && state_.paused) return f.shift == Duration::zero() ? kFine : "it is paused.";
    if (f.restart) return kFine;
    if (!state_.paused) return "the sale is not paused.";
    return f.shift == event_.at - state_.paused_at ? kFine : "its shift is not the pause's length.";
  }

  std::string_view operator()(const Closed&) const {
    if (state_.closed) return "the sale is closed.";
    return state_.waiting == 0 ? kFine : "somebody still waits.";
  }

  std::string_view operator()(const StockChanged& f) const {
    const Item* item = item_of(f.sku);
    if (item == nullptr) return "it names an unknown SKU.";
    if (state_.closed) return "the sale is closed.";
    if (f.delta < -item->available) return "it withdraws more than is available.";
    if (f.delta > limits::kStock - item->total) return "it adds too much.";
    return state_.restocks.contains(f.key.view()) ? "its key was used." : kFine;
  }

  std::string_view operator()(const LineEnded& f) const {
    const Item* item = item_of(f.sku);
    if (item == nullptr || item->line.empty()) return "there is no such line.";
    if (state_.book.at(item->line.tail()).arrival != f.upto) return "it does not end all of it.";
    if (!f.by_close && item->can_ever_be_left() != 0) return "units can still come back.";
    return kFine;
  }

  std::string_view operator()(const LineShut& f) const {
    const Item* item = item_of(f.sku);
    return item == nullptr || item->shut || state_.closed ? "there is no such open line." : kFine;
  }

  std::string_view operator()(const LineReopened& f) const {
    const Item* item = item_of(f.sku);
    if (item == nullptr || !item->shut) return "there is no such shut line.";
    return item->line.empty() && item->available > 0 ? kFine : "somebody waits or nothing is free.";
  }

  std::string_view operator()(const Removed&) const {
    return state_.opened && !state_.spec->test ? "the sale has opened." : kFine;
  }

  std::string_view operator()(const Archived&) const {
    if (!state_.closed) return "the sale is not closed.";
    return open_orders(state_) == 0 ? kFine : "orders are open.";
  }

  std::string_view operator()(const Accepted& f) const {
    if (!state_.opened || state_.paused || state_.closed) return "the sale is not open.";
    if (auto why = object_to_names(f); !why.empty()) return why;
    if (auto why = object_to_lines(f); !why.empty()) return why;
    if (auto why = object_to_buyer(f); !why.empty()) return why;
    return object_to_start(f.state, f.expires_at, true);
  }

  std::string_view operator()(const Promoted& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder || state_.state_of(order) != OrderState::waiting) return kWrongOrder;
    const bool served = std::ranges::all_of(state_.book.lines(order), [&](const StoredLine& line) {
      const Item& item = state_.items[line.item];
      return item.line.head() == order && line.quantity <= item.available;
    });
    if (!served) return "the order is not at the head or too little is free.";
    return object_to_start(f.state, f.expires_at, false);
  }

  std::string_view operator()(const Paying& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder || state_.state_of(order) != OrderState::held) return kWrongOrder;
    const Instant deadline = state_.expires_at(order);
    if (!is_storable(f.expires_at) || f.expires_at < deadline) {
      return "its deadline is earlier than before.";
    }
    const bool may_extend = f.extends && !state_.book.at(order).extended;
    return may_extend || f.expires_at == deadline ? kFine : "its deadline moves without leave.";
  }

  std::string_view operator()(const Declined& f) const {
    const OrderIndex order = find(f.order);
    const bool fits = order != kNoOrder && state_.state_of(order) == OrderState::paying;
    return fits ? kFine : kWrongOrder;
  }

  std::string_view operator()(const Paid& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder) return kWrongOrder;
    if (f.money != Money::authorised && f.money != Money::captured) return kWrongMoney;
    if (!f.late) return holds_units(state_.state_of(order)) ? kFine : kWrongOrder;
    const StoredOrder& o = state_.book.at(order);
    const bool gone = o.state == OrderState::released && o.money == Money::none;
    if (!gone) return kWrongOrder;
    if (!is_free(state_.book.lines(order))) return "its units are not free.";
    return is_allowed(o.buyer, state_.book.units(order)) ? kFine : "the buyer has too many.";
  }

  std::string_view operator()(const MoneyMoved& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder) return kWrongOrder;
    const StoredOrder& o = state_.book.at(order);
    switch (f.money) {
      case Money::captured:
        return o.money == Money::authorised ? kFine : kWrongMoney;
      case Money::voided:
        return o.state == OrderState::released && o.money == Money::none ? kFine : kWrongMoney;
      case Money::refunded:
        return o.money == Money::refund_due ? kFine : kWrongMoney;
      default:
        return kWrongMoney;
    }
  }

  std::string_view operator()(const RefundDue& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder) return kWrongOrder;
    const StoredOrder& o = state_.book.at(order);
    const bool free_order = state_.spec->payment == PaymentMode::none && o.money == Money::none;
    const bool paid = o.state == OrderState::paid && (o.money == Money::captured || free_order);
    const bool came_late = o.state == OrderState::released && o.money == Money::none;
    return paid || came_late ? kFine : kWrongOrder;
  }

  std::string_view operator()(const Released& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder) return kWrongOrder;
    const OrderState from = state_.state_of(order);
    const Money money = state_.book.at(order).money;
    switch (f.reason) {
      case Reason::cancelled:
        if (f.money != Money::none) return kWrongMoney;
        return from == OrderState::waiting || holds_units(from) ? kFine : kWrongOrder;
      case Reason::expired:
      case Reason::payment_failed:
        if (f.money != Money::none) return kWrongMoney;
        return holds_units(from) ? kFine : kWrongOrder;
      case Reason::capture_failed:
        if (f.money != Money::voided || money != Money::authorised) return kWrongMoney;
        return from == OrderState::paid ? kFine : kWrongOrder;
      case Reason::refunded:
        if (f.money != money || (money != Money::refund_due && money != Money::refunded)) {
          return kWrongMoney;
        }
        return from == OrderState::paid ? kFine : kWrongOrder;
      case Reason::none:
        break;
    }
    return "it has no reason.";
  }

  std::string_view operator()(const EndedSoldOut& f) const {
    const OrderIndex order = find(f.order);
    if (order == kNoOrder || state_.state_of(order) != OrderState::waiting) return kWrongOrder;
    const bool never = std::ranges::any_of(state_.book.lines(order), [&](const StoredLine& line) {
      return line.quantity > state_.items[line.item].can_ever_be_left();
    });
    return never ? kFine : "it can still be served.";
  }

 private:
  static constexpr std::string_view kWrongOrder = "its order is unknown or not in such a state.";
  static constexpr std::string_view kWrongMoney = "the order's money cannot be there.";

  [[nodiscard]] Duration paused_for() const {
    return state_.paused ? state_.last_at - state_.paused_at : Duration::zero();
  }

  [[nodiscard]] const Item* item_of(const SkuId& sku) const {
    const ItemIndex item = state_.find_item(sku.view());
    return item == kNoItem ? nullptr : &state_.items[item];
  }

  [[nodiscard]] OrderIndex find(const OrderRef& ref) const {
    const OrderIndex order = state_.book.find(ref.key);
    const bool same = order != kNoOrder && state_.book.at(order).arrival == ref.arrival;
    return same ? order : kNoOrder;
  }

  [[nodiscard]] bool is_free(std::span<const StoredLine> lines) const {
    return std::ranges::all_of(lines, [this](const StoredLine& line) {
      const Item& item = state_.items[line.item];
      return item.line.empty() && line.quantity <= item.available;
    });
  }

  [[nodiscard]] bool is_allowed(BuyerIndex buyer, std::uint64_t units) const {
    const std::uint64_t limit = state_.spec->limit_per_buyer;
    if (buyer == kNoBuyer) return units <= limit;
    return units <= limit && state_.units_of(buyer) <= limit - units;
  }

  [[nodiscard]] std::string_view object_to_names(const Accepted& f) const {
    const Book& book = state_.book;
    const bool later = book.size() == 0 || book.at(book.size() - 1).arrival < f.order.arrival;
    if (!later || f.order.arrival == Arrival()) return "its arrival is not later.";
    if (book.find(f.order.key) != kNoOrder) return "its order is there already.";
    if (!is_buyer_id(f.buyer.view()) || !is_storable(f.received)) return "it is malformed.";
    for (const std::string_view text : {f.key.view(), f.reference.view()}) {
      if (!text.empty() && !is_short_visible_text(text)) return "it is malformed.";
    }
    return kFine;
  }

  [[nodiscard]] std::string_view object_to_lines(const Accepted& f) const {
    if (f.lines.empty() || f.lines.size() > limits::kItemsPerOrder) return "it is malformed.";
    for (std::size_t i = 0; i < f.lines.size(); ++i) {
      const OrderLine& line = f.lines[i];
      const ItemIndex item = state_.find_item(line.sku.view());
      if (item == kNoItem || line.price != state_.item_spec(item).price) return "it is malformed.";
      if (line.quantity < 1 || line.quantity > limits::kQuantity) return "it is malformed.";
      if (i > 0 && !(f.lines[i - 1].sku < line.sku)) return "it is malformed.";
      const Item& figures = state_.items[item];
      if (f.state == OrderState::waiting) {
        if (figures.shut || line.quantity > figures.can_ever_be_left()) return "it cannot wait.";
      } else if (!figures.line.empty() || line.quantity > figures.available) {
        return "its units are not free.";
      }
    }
    return kFine;
  }

  [[nodiscard]] std::string_view object_to_buyer(const Accepted& f) const {
    const BuyerIndex buyer = state_.book.find_buyer(f.buyer.view());
    std::uint64_t units = 0;
    for (const OrderLine& line : f.lines) units += line.quantity;
    if (!is_allowed(buyer, units)) return "the buyer has too many.";
    const bool used = buyer != kNoBuyer && state_.book.find(buyer, f.key.view()) != kNoOrder;
    return used ? "its idempotency key was used." : kFine;
  }

  [[nodiscard]] std::string_view object_to_start(OrderState to, std::optional<Instant> expires_at,
                                                 bool may_wait) const {
    const bool free = state_.spec->payment == PaymentMode::none;
    const bool held = to == OrderState::held && expires_at && is_storable(*expires_at) && !free;
    const bool paid = to == OrderState::paid && !expires_at && free;
    const bool waits = to == OrderState::waiting && !expires_at && may_wait;
    return held || paid || waits ? kFine : "its state or deadline cannot be.";
  }

  const State& state_;
  const Event& event_;
};

}  // namespace

std::string_view objection(const State& state, const Event& event) {
  return Objection(state, event).run();
}

}  // namespace dibs::sale

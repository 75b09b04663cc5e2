#include "sale/state.h"

#include <algorithm>
#include <numeric>

#include "sale/mutant.h"

namespace dibs::sale {

ItemIndex State::find_item(std::string_view sku) const {
  const auto found = std::lower_bound(
      by_sku.begin(), by_sku.end(), sku,
      [this](ItemIndex i, std::string_view s) { return item_spec(i).sku.view() < s; });
  if (found == by_sku.end() || item_spec(*found).sku.view() != sku) return kNoItem;
  return *found;
}

const LineEnd* State::end_of(OrderIndex order) const {
  const StoredOrder& o = book.at(order);
  // Orders for several SKUs are settled when one of their lines ends: see Fold.
  if (o.state != OrderState::waiting || o.line_count != 1) return nullptr;
  const auto& ends = items[o.only.item].ends;
  if (ends.empty() || ends.back().upto < o.arrival) return nullptr;
  return &*std::lower_bound(ends.begin(), ends.end(), o.arrival,
                            [](const LineEnd& end, Arrival a) { return end.upto < a; });
}

OrderState State::state_of(OrderIndex order) const {
  const LineEnd* end = end_of(order);
  if (end == nullptr) return book.at(order).state;
  return end->by_close ? OrderState::closed : OrderState::sold_out;
}

Seq State::seq_of(OrderIndex order) const {
  const LineEnd* end = end_of(order);
  return end == nullptr ? book.at(order).seq : end->seq;
}

void State::settle(BuyerIndex buyer) {
  if (book.buyer(buyer).line_ends_settled == line_ends) return;
  OrderIndex order = book.buyer(buyer).live_newest;
  while (order != kNoOrder) {
    const OrderIndex older = book.at(order).live_older;
    if (const LineEnd* end = end_of(order)) {
      StoredOrder& o = book.at(order);
      o.seq = end->seq;
      o.state = end->by_close ? OrderState::closed : OrderState::sold_out;
      book.uncount(order);
    }
    order = older;
  }
  book.buyer(buyer).line_ends_settled = line_ends;
}

std::uint64_t State::units_of(BuyerIndex buyer) const {
  std::uint64_t units = book.buyer(buyer).units;
  if (book.buyer(buyer).line_ends_settled == line_ends) return units;
  OrderIndex order = book.buyer(buyer).live_newest;
  for (; order != kNoOrder; order = book.at(order).live_older) {
    if (end_of(order) != nullptr) units -= book.units(order);
  }
  return units;
}

void State::touch(ItemIndex item) {
  if (items[item].touched) return;
  items[item].touched = true;
  touched.push_back(item);
}

void State::touch_all() {
  for (const ItemIndex item : by_sku) touch(item);
}

bool counts(OrderState state, Money money) {
  switch (state) {
    case OrderState::waiting:
      return !planted(Mutant::limit_ignores_waiting);
    case OrderState::held:
    case OrderState::paying:
      return true;
    case OrderState::paid:
      return money != Money::refund_due && money != Money::refunded;
    case OrderState::released:
    case OrderState::sold_out:
    case OrderState::closed:
      return false;
  }
  return false;
}

std::uint64_t open_orders(const State& state) {
  std::uint64_t open = state.waiting + state.holds.size();
  for (OrderIndex order = 0; order < state.book.size(); ++order) {
    const Money money = state.book.at(order).money;
    const bool has_ended = !holds_units(state.state_of(order));
    if (has_ended && (money == Money::authorised || money == Money::refund_due)) ++open;
  }
  return open;
}

void set_spec(State& state, const SaleSpec& spec) {
  const bool same_items = state.spec && state.spec->items == spec.items;
  state.spec = std::make_shared<const SaleSpec>(spec);
  state.line_limit = line_limit_of(spec);
  if (same_items) return;

  state.items.clear();
  state.touched.clear();
  std::uint64_t orders = state.line_limit;
  for (const ItemSpec& item : spec.items) {
    Item& added = state.items.emplace_back();
    added.total = item.stock;
    added.available = item.stock;
    orders += static_cast<std::uint64_t>(item.stock);
  }
  state.book.expect(orders);
  state.by_sku.resize(state.items.size());
  std::iota(state.by_sku.begin(), state.by_sku.end(), ItemIndex{0});
  std::ranges::sort(state.by_sku, {}, [&spec](ItemIndex i) { return spec.items[i].sku.view(); });
}

}  // namespace dibs::sale

#include "sale/views.h"

#include <algorithm>

namespace dibs::sale {
namespace {

bool is_live(const State& state, OrderIndex order) {
  return counts(state.state_of(order), state.book.at(order).money);
}

/// Of several lines the one in which most are ahead; of equal ones the first by SKU.
void add_position(const State& state, OrderIndex order, OrderView& view) {
  for (const StoredLine& line : state.book.lines(order)) {
    const std::uint64_t position = state.items[line.item].line.position(line.place);
    if (view.position && position <= *view.position) continue;
    view.position = position;
    view.place = Place(line.place);
  }
}

bool wanted(const State& state, const Sale::OrderFilter& filter, OrderIndex order) {
  if (filter.state && state.state_of(order) != *filter.state) return false;
  return !filter.reference || state.book.reference_text(order) == filter.reference->view();
}

/// All orders of `buyer` that arrived from index `first` on, in order of arrival.
std::vector<OrderIndex> orders_from(const State& state, BuyerIndex buyer, OrderIndex first) {
  std::vector<OrderIndex> orders;
  if (buyer == kNoBuyer) return orders;
  OrderIndex order = state.book.buyer(buyer).newest;
  for (; order != kNoOrder && order >= first; order = state.book.at(order).older) {
    orders.push_back(order);
  }
  std::ranges::reverse(orders);
  return orders;
}

SaleState sale_state_of(const State& state) {
  if (state.closed) return SaleState::closed;
  if (state.paused) return SaleState::paused;
  return state.opened ? SaleState::open : SaleState::scheduled;
}

}  // namespace

OrderView view_of(const State& state, const SaleId& id, OrderIndex order) {
  const StoredOrder& o = state.book.at(order);
  OrderView view;
  view.id = {o.key, id};
  view.buyer = BuyerId(std::string(state.book.buyer_text(o.buyer)));
  view.key = IdempotencyKey(std::string(state.book.key_text(order)));
  view.reference = Reference(std::string(state.book.reference_text(order)));
  view.state = state.state_of(order);
  view.money = o.money;
  view.reason = o.reason;
  view.arrival = o.arrival;
  view.seq = state.seq_of(order);
  view.created_at = from_ns(o.received_ns);
  view.lines.reserve(o.line_count);
  for (const StoredLine& line : state.book.lines(order)) {
    const ItemSpec& item = state.item_spec(line.item);
    view.lines.push_back(OrderLine{item.sku, line.quantity, item.price});
    view.amount += item.price * line.quantity;
  }
  if (view.state == OrderState::waiting) add_position(state, order, view);
  if (view.state == OrderState::held || view.state == OrderState::paying) {
    view.expires_at = state.expires_at(order);
  }
  return view;
}

SaleView view_of(const State& state, const SaleId& id) {
  SaleView view;
  view.id = id;
  view.spec = state.spec;
  view.state = sale_state_of(state);
  view.ever_opened = state.opened;
  view.seq = state.seq;
  view.items.reserve(state.items.size());
  for (const Item& item : state.items) {
    ItemView& added = view.items.emplace_back();
    added.total = item.total;
    added.available = item.available;
    added.held = item.held;
    added.sold = item.sold;
    added.waiting = item.line.size();
    if (!item.line.empty()) added.head = Place(item.line.head_place());
    added.places_given = item.line.places_given();
    added.shut = item.shut;
  }
  view.waiting = state.waiting;
  view.orders = state.book.size();
  const OrderIndex last_winner = state.winners.last();
  if (last_winner != kNoOrder) view.last_winner_arrival = state.book.at(last_winner).arrival;
  if (!state.holds.empty()) view.oldest_hold = state.expires_at(state.holds.first());
  return view;
}

std::vector<OrderView> live_orders_of(const State& state, const SaleId& id, BuyerIndex buyer) {
  std::vector<OrderView> views;
  if (buyer == kNoBuyer) return views;
  std::vector<OrderIndex> live;
  OrderIndex order = state.book.buyer(buyer).live_newest;
  for (; order != kNoOrder; order = state.book.at(order).live_older) {
    if (is_live(state, order)) live.push_back(order);
  }
  std::ranges::sort(live);  // the chain is in the order in which they began to count
  for (const OrderIndex index : live) views.push_back(view_of(state, id, index));
  return views;
}

std::vector<OrderView> orders_of(const State& state, const SaleId& id,
                                 const Sale::OrderFilter& filter) {
  std::vector<OrderView> views;
  const auto add = [&](OrderIndex order) {
    if (wanted(state, filter, order)) views.push_back(view_of(state, id, order));
  };
  const OrderIndex first = state.book.first_after(filter.after);
  if (filter.buyer) {
    const BuyerIndex buyer = state.book.find_buyer(filter.buyer->view());
    for (const OrderIndex order : orders_from(state, buyer, first)) {
      if (views.size() >= filter.limit) break;
      add(order);
    }
    return views;
  }
  for (OrderIndex order = first; order < state.book.size() && views.size() < filter.limit;
       ++order) {
    add(order);
  }
  return views;
}

}  // namespace dibs::sale

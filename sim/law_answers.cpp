#include <algorithm>
#include <iterator>
#include <type_traits>

#include "sim/law.h"

/// What was asked and answered, and the account at rest. What follows from events: law.cpp.
namespace dibs::sim {

using sale::OrderState;

void Law::asked(const sale::Command& command) {
  const auto wish = [&](const OrderKey& key, Wish what) {
    const auto found = orders_.find(key);
    const bool entitled = command.owner.empty() ||
                          (found != orders_.end() && found->second.buyer == command.owner.view());
    if (entitled) wishes_.emplace(key, what);
  };
  std::visit(
      [&]<class Action>(const Action& action) {
        if constexpr (std::is_same_v<Action, sale::BeginPayment>) wish(action.order, Wish::begin);
        if constexpr (std::is_same_v<Action, sale::PaymentSucceeded>) wish(action.order, Wish::pay);
        if constexpr (std::is_same_v<Action, sale::PaymentFailed>) wish(action.order, Wish::fail);
        if constexpr (std::is_same_v<Action, sale::Release>) wish(action.order, Wish::fail);
        if constexpr (std::is_same_v<Action, sale::Cancel>) wish(action.order, Wish::leave);
        if constexpr (std::is_same_v<Action, sale::Refund>) wish(action.order, Wish::refund);
        if constexpr (std::is_same_v<Action, sale::CaptureSettled>) {
          if (!action.captured) wish(action.order, Wish::fail);
        }
      },
      command.action);
}

void Law::answered(std::optional<std::uint64_t> clock, const Stamp& stamp, const sale::Buy& buy,
                   const sale::Outcome& outcome) {
  if (clock && outcome.arrival != Arrival() && !outcome.replayed) {
    numbered_[*clock].emplace_back(stamp, outcome.arrival);
  }
  if (outcome.code == sale::Code::limit_reached) {
    std::uint64_t units = 0;
    for (const auto& line : buy.lines) units += line.quantity;
    for (const auto& order : outcome.live_orders) {
      for (const auto& line : order.lines) units += line.quantity;
    }
    expect(units > spec_.limit_per_buyer, "a buyer was refused whose limit is not reached");
  }
  if (!outcome.order) return;
  shown(*outcome.order);
  expect(outcome.order->buyer == buy.buyer, "somebody else's order was the answer");
  const auto known = keys_.find({buy.buyer.value(), buy.key.value()});
  if (!buy.key.empty()) {
    expect(known != keys_.end() && known->second == outcome.order->id.key,
           "a key was answered with another order than it had given");
  }
}

void Law::answered(const sale::Command& command, const sale::Outcome& outcome) {
  if (outcome.order) shown(*outcome.order);
  const auto* payment = std::get_if<sale::PaymentSucceeded>(&command.action);
  if (payment == nullptr || outcome.code != sale::Code::too_late) return;
  const auto found = orders_.find(payment->order);
  if (found != orders_.end() && found->second.state != OrderState::paid) {
    found->second.refused_as_late = true;
  }
}

void Law::shown(const sale::OrderView& view) {
  const auto found = orders_.find(view.id.key);
  if (found == orders_.end()) return broke("an order was shown before it was durable");
  const Order& order = found->second;
  expect(view.seq <= seq_, "a change was shown before it was durable");
  expect(view.arrival == order.arrival, "an order was shown with another number");
  // What has changed since it was decided is no lie.
  if (view.seq == order.changed) {
    expect(view.state == order.state, "an order was shown in another state than it is in");
  }
}

bool Law::wished(const sale::OrderRef& order, std::initializer_list<Wish> any) const {
  return std::ranges::any_of(any, [&](Wish wish) { return wishes_.contains({order.key, wish}); });
}

/// Units that nothing can bring back but an operator: paid, and the money taken.
std::int64_t Law::gone(const std::string& sku) const {
  std::int64_t sum = 0;
  for (const auto& [key, order] : orders_) {
    const auto units = order.units.find(sku);
    if (units == order.units.end() || order.state != OrderState::paid) continue;
    if (order.money != sale::Money::authorised) sum += units->second;
  }
  return sum;
}

/// 1 at the head; of several lines the worst.
std::uint64_t Law::position(const Order& order) const {
  std::uint64_t worst = 0;
  for (const auto& [sku, units] : order.units) {
    const auto& line = items_.at(sku).line;
    const auto before =
        static_cast<std::uint64_t>(std::distance(line.begin(), line.find(order.arrival)));
    worst = std::max(worst, before + 1);
  }
  return worst;
}

void Law::at_rest(Instant now) {
  no_unit_idle();
  for (const auto& [key, order] : orders_) {
    expect(paused_ || !order.deadline || *order.deadline > now, "a hold is over and still held");
    expect(!closed_ || order.state != OrderState::waiting,
           "somebody waits in a sale that is closed");
  }
  for (auto& [clock, numbered] : numbered_) {
    std::ranges::sort(numbered);
    for (std::size_t i = 1; i < numbered.size(); ++i) {
      if (numbered[i].second > numbered[i - 1].second) continue;
      broke("who came later has the lower number: " + std::to_string(numbered[i].second.value()) +
            " after " + std::to_string(numbered[i - 1].second.value()));
      return;
    }
  }
}

std::int64_t Law::amount(const OrderKey& key) const {
  const auto order = orders_.find(key);
  if (order == orders_.end()) return 0;
  std::int64_t sum = 0;
  for (const auto& item : spec_.items) {
    const auto units = order->second.units.find(item.sku.value());
    if (units != order->second.units.end()) sum += units->second * item.price;
  }
  return sum;
}

sale::Money Law::money(const OrderKey& key) const {
  const auto order = orders_.find(key);
  return order == orders_.end() ? sale::Money::none : order->second.money;
}

bool Law::was_paid(const OrderKey& key) const {
  const auto order = orders_.find(key);
  return order != orders_.end() && order->second.was_paid;
}

bool Law::refund_was_due(const OrderKey& key) const {
  const auto order = orders_.find(key);
  return order != orders_.end() && order->second.refunds_due > 0;
}

bool Law::agrees(const std::string& sku, const std::array<std::int64_t, 4>& units) const {
  const auto found = items_.find(sku);
  if (found == items_.end()) return false;
  const Item& item = found->second;
  return units == std::array{item.total, item.available, item.held, item.sold};
}

void Law::compare(const sale::SaleView& view, const std::vector<sale::OrderView>& orders) {
  expect(view.seq == seq_, "the store has events that were not given");
  for (std::size_t i = 0; i < view.items.size(); ++i) {
    const sale::ItemView& shown = view.items[i];
    const Item& item = items_[view.spec->items[i].sku.value()];
    expect(shown.total == item.total && shown.available == item.available &&
               shown.held == item.held && shown.sold == item.sold &&
               shown.waiting == item.line.size(),
           "the store counts other units than its events");
  }
  expect(orders.size() == orders_.size(), "the store has other orders than its events");
  for (const auto& order : orders) {
    const auto found = orders_.find(order.id.key);
    expect(found != orders_.end() && found->second.state == order.state,
           "the store has an order in another state than its events");
    if (found == orders_.end() || order.state != OrderState::waiting) continue;
    expect(order.position == position(found->second), "a position counts others than those before");
  }
}

}  // namespace dibs::sim

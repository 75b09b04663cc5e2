#include "sale/checkers/model.h"

#include <algorithm>

namespace dibs::sale::checkers {

OrderView Model::view(const ModelOrder& o, const SaleId& sale) const {
  OrderView v;
  v.id = {o.key, sale};
  v.buyer = BuyerId(o.buyer);
  v.key = IdempotencyKey(o.idempotency_key);
  v.reference = Reference(o.reference);
  v.state = o.state;
  v.money = o.money;
  v.reason = o.reason;
  v.arrival = o.arrival;
  v.created_at = o.received;
  for (const auto& [sku, quantity] : o.wants) {
    const std::int64_t price = item(sku)->price;
    v.lines.push_back({SkuId(sku), static_cast<std::uint32_t>(quantity), price});
    v.amount += price * quantity;
    if (o.state != OrderState::waiting) continue;
    std::uint64_t position = 0;
    for (const auto* other : line(sku)) position += other->arrival <= o.arrival ? 1U : 0U;
    if (position > v.position.value_or(0)) v.position = position, v.place = Place(o.places.at(sku));
  }
  if (has_hold(o)) v.expires_at = o.deadline;
  return v;
}

SaleView Model::view(const SaleId& sale) const {
  SaleView v;
  v.id = sale;
  v.ever_opened = opened_;
  v.state = opened_ ? SaleState::open : SaleState::scheduled;
  if (paused_) v.state = SaleState::paused;
  if (closed_) v.state = SaleState::closed;
  for (const auto& i : spec_.items) {
    const std::string& sku = i.sku.value();
    ItemView& item = v.items.emplace_back();
    item.total = total_.at(sku);
    item.available = available(sku);
    item.held = units(sku, OrderState::held, OrderState::paying);
    item.sold = units(sku, OrderState::paid, OrderState::paid);
    item.waiting = line(sku).size();
    if (item.waiting > 0) item.head = Place(line(sku).front()->places.at(sku));
    if (last_place_.contains(sku)) item.places_given = last_place_.at(sku);
    item.shut = shut_.at(sku);
  }
  v.waiting = waiting();
  v.orders = orders_.size();
  for (const auto& o : orders_) {
    if (o.state == OrderState::paid) v.last_winner_arrival = o.arrival;
    if (has_hold(o) && (!v.oldest_hold || o.deadline < *v.oldest_hold)) v.oldest_hold = o.deadline;
  }
  return v;
}

}  // namespace dibs::sale::checkers

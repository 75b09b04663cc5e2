#include "baselines/book.h"

#include <algorithm>

namespace dibs::baselines {

std::int64_t units_of(const sale::OrderView& order) {
  std::int64_t units = 0;
  for (const auto& line : order.lines) units += line.quantity;
  return units;
}

void Book::count(const sale::OrderView& order, std::int64_t sign) {
  switch (order.state) {
    case sale::OrderState::held:
    case sale::OrderState::paying:
      totals_.held += sign * units_of(order);
      break;
    case sale::OrderState::paid:
      totals_.sold += sign * units_of(order);
      break;
    case sale::OrderState::waiting:
      totals_.waiting += static_cast<std::uint64_t>(sign);
      break;
    case sale::OrderState::released:
    case sale::OrderState::sold_out:
    case sale::OrderState::closed:
      break;
  }
}

void Book::add(sale::OrderView& order) {
  const std::lock_guard lock(mutex_);
  order.seq = totals_.seq = Seq(totals_.seq.value() + 1);
  if (order.state == sale::OrderState::waiting) order.place = Place(++places_);
  ++totals_.orders;
  count(order, 1);
  orders_.emplace(order.id.key, order);
  in_order_.push_back(order.id.key);
  order = seen(order);
}

void Book::remove(const OrderKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = orders_.find(key);
  if (found == orders_.end()) return;
  if (found->second.state == sale::OrderState::waiting) ++left_line_;
  count(found->second, -1);
  orders_.erase(found);
}

void Book::set(const OrderKey& key, sale::OrderState state, sale::Money money,
               sale::Reason reason) {
  const std::lock_guard lock(mutex_);
  const auto found = orders_.find(key);
  if (found == orders_.end()) return;
  sale::OrderView& order = found->second;
  count(order, -1);
  if (order.state == sale::OrderState::waiting && state != order.state) {
    order.place.reset();
    ++left_line_;
  }
  order.state = state;
  order.money = money;
  order.reason = reason;
  order.seq = totals_.seq = Seq(totals_.seq.value() + 1);
  if (state != sale::OrderState::held && state != sale::OrderState::paying) {
    order.expires_at.reset();
  }
  if (state == sale::OrderState::paid) {
    totals_.last_winner = std::max(totals_.last_winner, order.arrival);
  }
  count(order, 1);
}

void Book::begin_payment(const OrderKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = orders_.find(key);
  if (found == orders_.end() || found->second.state != sale::OrderState::held) return;
  found->second.state = sale::OrderState::paying;
  found->second.seq = totals_.seq = Seq(totals_.seq.value() + 1);
}

sale::OrderView Book::seen(const sale::OrderView& order) const {
  sale::OrderView out = order;
  if (out.place) {
    const std::uint64_t place = out.place->value();
    out.position = place > left_line_ ? place - left_line_ : 1;
  }
  return out;
}

std::optional<sale::OrderView> Book::find(const OrderKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = orders_.find(key);
  if (found == orders_.end()) return std::nullopt;
  return seen(found->second);
}

std::vector<sale::OrderView> Book::list(const sale::Sale::OrderFilter& filter) const {
  const std::lock_guard lock(mutex_);
  std::vector<sale::OrderView> out;
  for (const OrderKey& key : in_order_) {
    const auto found = orders_.find(key);
    if (found == orders_.end()) continue;
    const sale::OrderView& order = found->second;
    const bool fits = (!filter.state || order.state == *filter.state) &&
                      (!filter.buyer || order.buyer == *filter.buyer) &&
                      (!filter.reference || order.reference == *filter.reference) &&
                      order.arrival > filter.after;
    if (fits) out.push_back(seen(order));
  }
  std::ranges::sort(out, {}, &sale::OrderView::arrival);
  if (out.size() > filter.limit) out.resize(filter.limit);
  return out;
}

Book::Totals Book::totals() const {
  const std::lock_guard lock(mutex_);
  Totals out = totals_;
  if (out.waiting > 0) out.head = Place(left_line_ + 1);
  return out;
}

}  // namespace dibs::baselines

#include "sale/book.h"

#include <algorithm>
#include <functional>
#include <ranges>

#include "base/assert.h"

namespace dibs::sale {

namespace {

std::uint32_t hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(text));
}

std::uint32_t hash_of(const OrderKey& key) {
  return static_cast<std::uint32_t>(std::hash<OrderKey>{}(key));
}

std::uint32_t hash_of(BuyerIndex buyer, std::string_view idempotency_key) {
  return hash_of(idempotency_key) ^ (buyer * 0x9e3779b1U);  // golden ratio: spreads small numbers
}

}  // namespace

Book::Book() = default;

std::span<StoredLine> Book::lines(OrderIndex order) {
  StoredOrder& o = at(order);
  if (o.line_count == 1) return {&o.only, 1};
  return std::span(more_lines_).subspan(o.lines_from, o.line_count);
}

std::span<const StoredLine> Book::lines(OrderIndex order) const {
  const StoredOrder& o = at(order);
  if (o.line_count == 1) return {&o.only, 1};
  return std::span(more_lines_).subspan(o.lines_from, o.line_count);
}

std::uint64_t Book::units(OrderIndex order) const {
  std::uint64_t units = 0;
  for (const StoredLine& line : lines(order)) units += line.quantity;
  return units;
}

std::string_view Book::buyer_text(BuyerIndex buyer) const {
  return texts_.at(buyers_[buyer].text, buyers_[buyer].text_size);
}

std::string_view Book::key_text(OrderIndex order) const {
  return texts_.at(at(order).texts, at(order).key_size);
}

std::string_view Book::reference_text(OrderIndex order) const {
  const StoredOrder& o = at(order);
  return texts_.at(o.texts + o.key_size, o.reference_size);
}

OrderIndex Book::find(const OrderKey& key) const {
  const auto same = [&](OrderIndex order) { return at(order).key == key; };
  return by_key_.find(hash_of(key), same).value_or(kNoOrder);
}

OrderIndex Book::find(BuyerIndex buyer, std::string_view idempotency_key) const {
  if (idempotency_key.empty()) return kNoOrder;
  if (buyers_[buyer].orders <= kFewOrders) {
    OrderIndex order = buyers_[buyer].newest;
    while (order != kNoOrder && key_text(order) != idempotency_key) order = at(order).older;
    return order;
  }
  const auto same = [&](OrderIndex order) {
    return at(order).buyer == buyer && key_text(order) == idempotency_key;
  };
  return by_idempotency_.find(hash_of(buyer, idempotency_key), same).value_or(kNoOrder);
}

BuyerIndex Book::find_buyer(std::string_view buyer) const {
  const auto same = [&](BuyerIndex other) { return buyer_text(other) == buyer; };
  return by_buyer_.find(hash_of(buyer), same).value_or(kNoBuyer);
}

OrderIndex Book::first_after(Arrival arrival) const {
  const auto orders = std::views::iota(OrderIndex{0}, size());
  return *std::ranges::upper_bound(orders, arrival, {},
                                   [this](OrderIndex order) { return at(order).arrival; });
}

void Book::expect(std::uint64_t orders) {
  constexpr std::uint64_t kMost = 1U << 20U;  // two tables of 16 MiB; beyond, they grow after all
  const auto room = static_cast<std::size_t>(std::min(orders, kMost));
  for (Index* index : {&by_key_, &by_buyer_}) index->reserve(room);
}

void Book::fetch(std::string_view buyer, const OrderKey& order) const {
  by_buyer_.fetch(hash_of(buyer));
  by_key_.fetch(hash_of(order));
}

BuyerIndex Book::intern(std::string_view buyer, std::uint32_t line_ends) {
  const BuyerIndex known = find_buyer(buyer);
  if (known != kNoBuyer) return known;
  const BuyerIndex index = buyers();
  StoredBuyer& stored = buyers_.emplace_back();
  stored.text = texts_.add(buyer);
  stored.text_size = static_cast<std::uint8_t>(buyer.size());
  stored.line_ends_settled = line_ends;
  by_buyer_.insert(hash_of(buyer), index);
  return index;
}

void Book::enter_idempotency_key(OrderIndex order) {
  if (at(order).key_size == 0) return;
  by_idempotency_.insert(hash_of(at(order).buyer, key_text(order)), order);
}

/// Of the buyer's newest order: the keys move to the table when there are no longer few.
void Book::count_order_of(BuyerIndex buyer) {
  StoredBuyer& b = buyers_[buyer];
  if (b.orders < kFewOrders) {
    ++b.orders;
  } else if (b.orders == kFewOrders) {
    ++b.orders;
    for (OrderIndex o = b.newest; o != kNoOrder; o = at(o).older) enter_idempotency_key(o);
  } else {
    enter_idempotency_key(b.newest);
  }
}

OrderIndex Book::add(const NewOrder& order, std::uint32_t line_ends) {
  DIBS_ASSERT(size() < kNoOrder - 1);
  DIBS_ASSERT(orders_.empty() || orders_.back().arrival < order.arrival);
  const OrderIndex index = size();
  const BuyerIndex buyer = intern(order.buyer, line_ends);

  StoredOrder& o = orders_.emplace_back();
  o.key = order.key;
  o.arrival = order.arrival;
  o.received_ns = order.received_ns;
  o.texts = texts_.add(order.idempotency_key, order.reference);
  o.key_size = static_cast<std::uint8_t>(order.idempotency_key.size());
  o.reference_size = static_cast<std::uint8_t>(order.reference.size());
  o.buyer = buyer;
  o.older = buyers_[buyer].newest;
  buyers_[buyer].newest = index;
  o.line_count = static_cast<std::uint8_t>(order.lines.size());
  if (order.lines.size() == 1) {
    o.only = order.lines.front();
  } else {
    o.lines_from = static_cast<std::uint32_t>(more_lines_.size());
    more_lines_.insert(more_lines_.end(), order.lines.begin(), order.lines.end());
  }

  by_key_.insert(hash_of(order.key), index);
  count_order_of(buyer);
  return index;
}

void Book::count(OrderIndex order) {
  StoredOrder& o = at(order);
  StoredBuyer& b = buyers_[o.buyer];
  o.live_older = b.live_newest;
  o.live_newer = kNoOrder;
  if (b.live_newest != kNoOrder) at(b.live_newest).live_newer = order;
  b.live_newest = order;
  b.units += units(order);
}

void Book::uncount(OrderIndex order) {
  StoredOrder& o = at(order);
  StoredBuyer& b = buyers_[o.buyer];
  DIBS_ASSERT(b.units >= units(order));
  b.units -= units(order);
  if (o.live_older != kNoOrder) at(o.live_older).live_newer = o.live_newer;
  if (o.live_newer != kNoOrder) {
    at(o.live_newer).live_older = o.live_older;
  } else {
    b.live_newest = o.live_older;
  }
  o.live_older = kNoOrder;
  o.live_newer = kNoOrder;
}

}  // namespace dibs::sale

#include "sale/book.h"

#include <algorithm>
#include <functional>

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
  const auto found =
      std::upper_bound(orders_.begin(), orders_.end(), arrival,
                       [](Arrival a, const StoredOrder& order) { return a < order.arrival; });
  return static_cast<OrderIndex>(found - orders_.begin());
}

void Book::expect(std::uint64_t orders) {
  constexpr std::uint64_t kMost = 1U << 20U;  // three tables of 16 MiB; beyond, they grow after all
  const auto room = static_cast<std::size_t>(std::min(orders, kMost));
  for (Index* index : {&by_key_, &by_buyer_, &by_idempotency_}) index->reserve(room);
}

void Book::fetch(const OrderKey& order, std::string_view idempotency_key) const {
  by_key_.fetch(hash_of(order));
  if (!idempotency_key.empty()) by_idempotency_.fetch(hash_of(buyers(), idempotency_key));
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
  if (!order.idempotency_key.empty()) {
    by_idempotency_.insert(hash_of(buyer, order.idempotency_key), index);
  }
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

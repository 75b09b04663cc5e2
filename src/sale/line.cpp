#include "sale/line.h"

#include <algorithm>

#include "base/assert.h"
#include "sale/mutant.h"

namespace dibs::sale {
namespace {

std::size_t lowest_bit(std::size_t i) { return i & (~i + 1); }

constexpr std::size_t kEmptySlack = 64;  // slots that may be empty without being worth a compaction

}  // namespace

std::uint32_t Line::join(OrderIndex order, bool multi) {
  const std::uint32_t place = places_given_ + 1;
  join_at(place, order, multi);
  places_given_ = place;
  return place;
}

void Line::join_at(std::uint32_t place, OrderIndex order, bool multi) {
  DIBS_ASSERT(order < kNoOrder);
  DIBS_ASSERT(slots_.empty() || slots_.back().place < place);
  push(Slot{place, (order << 1U) | (multi ? 1U : 0U)});
  ++size_;
  multi_ += multi ? 1U : 0U;
}

void Line::push(Slot slot) {
  slots_.push_back(slot);
  if (sums_.empty()) sums_.push_back(0);
  const std::size_t last = slots_.size();
  std::uint32_t sum = 1;
  const std::size_t stop = last - lowest_bit(last);
  for (std::size_t i = last - 1; i > stop; i -= lowest_bit(i)) sum += sums_[i];
  sums_.push_back(sum);
}

void Line::leave(std::uint32_t place) {
  const std::size_t index = find(place);
  Slot& slot = slots_[index];
  multi_ -= is_multi(slot) ? 1U : 0U;
  slot.order_and_multi = kLeft;
  for (std::size_t i = index + 1; i < sums_.size(); i += lowest_bit(i)) --sums_[i];
  --size_;
  if (size_ == 0) {
    clear();
    return;
  }
  trim();
  if (slots_.size() > 2 * std::size_t{size_} + kEmptySlack) compact();
}

void Line::clear() {
  slots_ = {};
  sums_ = {};
  head_ = 0;
  size_ = 0;
  multi_ = 0;
}

/// Moves the head past those who have left, and forgets those who left at the end.
void Line::trim() {
  while (has_left(slots_[head_])) ++head_;
  while (has_left(slots_.back())) {
    slots_.pop_back();
    sums_.pop_back();
  }
}

void Line::compact() {
  std::vector<Slot> old;
  old.swap(slots_);
  sums_.clear();
  head_ = 0;
  for (const Slot& slot : old) {
    if (!has_left(slot)) push(slot);
  }
  DIBS_ASSERT(slots_.size() == size_);
}

std::size_t Line::find(std::uint32_t place) const {
  const auto first = slots_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found = std::lower_bound(first, slots_.end(), place,
                                      [](const Slot& s, std::uint32_t p) { return s.place < p; });
  DIBS_ASSERT(found != slots_.end() && found->place == place && !has_left(*found));
  return static_cast<std::size_t>(found - slots_.begin());
}

std::uint64_t Line::position(std::uint32_t place) const {
  if (planted(Mutant::position_counts_leavers)) return place - head_place() + 1;
  std::uint64_t position = 0;
  for (std::size_t i = find(place) + 1; i > 0; i -= lowest_bit(i)) position += sums_[i];
  return position;
}

std::vector<OrderIndex> Line::multi_orders() const {
  std::vector<OrderIndex> orders;
  orders.reserve(multi_);
  for (std::size_t i = head_; i < slots_.size() && orders.size() < multi_; ++i) {
    if (!has_left(slots_[i]) && is_multi(slots_[i])) orders.push_back(order_of(slots_[i]));
  }
  return orders;
}

std::vector<OrderIndex> Line::orders() const {
  std::vector<OrderIndex> orders;
  orders.reserve(size_);
  for (std::size_t i = head_; i < slots_.size(); ++i) {
    if (!has_left(slots_[i])) orders.push_back(order_of(slots_[i]));
  }
  return orders;
}

}  // namespace dibs::sale

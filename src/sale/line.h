#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dibs::sale {

/// Where an order stands among all orders of its sale, in order of arrival, from 0.
using OrderIndex = std::uint32_t;
inline constexpr OrderIndex kNoOrder = UINT32_MAX >> 1U;  // 31 bits: Line keeps a flag beside it

/// The line of one SKU: who waits for it, in order of arrival.
///
/// Places are given once, 1, 2, 3 …, and never again. A position is the number of those still in
/// the line at or before a place; people who have left do not count. That is a running sum over a
/// sequence in which single entries go from 1 to 0, which a Fenwick tree answers in O(log n):
///
///     place      4  5  6  7  8        slots_, sorted by place
///     in line    1  0  1  1  0        (5 and 8 have left)
///     position   1     2  3
///
/// Entries that have left are dropped once they outnumber the others, so memory stays within twice
/// the longest line however many come and go.
class Line {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// How many of them want other SKUs too.
  [[nodiscard]] std::uint32_t multi() const { return multi_; }
  [[nodiscard]] std::uint32_t places_given() const { return places_given_; }

  /// `order` stands at the end; returns its place. `multi`: it wants other SKUs too.
  std::uint32_t join(OrderIndex order, bool multi);
  /// As join, at a place given before; places come in increasing order. For loading a snapshot.
  void join_at(std::uint32_t place, OrderIndex order, bool multi);
  void set_places_given(std::uint32_t places) { places_given_ = places; }

  /// The order at `place`, which is in the line, leaves it.
  void leave(std::uint32_t place);
  /// Everybody leaves.
  void clear();

  /// Only while not empty.
  [[nodiscard]] OrderIndex head() const { return order_of(slots_[head_]); }
  [[nodiscard]] std::uint32_t head_place() const { return slots_[head_].place; }
  [[nodiscard]] OrderIndex tail() const { return order_of(slots_.back()); }
  [[nodiscard]] std::uint32_t tail_place() const { return slots_.back().place; }

  /// 1 at the head. `place` is in the line.
  [[nodiscard]] std::uint64_t position(std::uint32_t place) const;

  /// The orders that want other SKUs too, from the head on.
  [[nodiscard]] std::vector<OrderIndex> multi_orders() const;
  /// All orders, from the head on.
  [[nodiscard]] std::vector<OrderIndex> orders() const;

 private:
  struct Slot {
    std::uint32_t place;
    std::uint32_t order_and_multi;  ///< order << 1 | multi; kLeft once it has left
  };
  static constexpr std::uint32_t kLeft = UINT32_MAX;
  static OrderIndex order_of(const Slot& slot) { return slot.order_and_multi >> 1U; }
  static bool is_multi(const Slot& slot) { return (slot.order_and_multi & 1U) != 0; }
  static bool has_left(const Slot& slot) { return slot.order_and_multi == kLeft; }

  [[nodiscard]] std::size_t find(std::uint32_t place) const;
  void push(Slot slot);
  void trim();
  void compact();

  std::vector<Slot> slots_;          ///< sorted by place; the last one is in the line
  std::vector<std::uint32_t> sums_;  ///< Fenwick tree over slots_; sums_[0] is not used
  std::size_t head_ = 0;             ///< first slot still in the line
  std::uint32_t size_ = 0;
  std::uint32_t multi_ = 0;
  std::uint32_t places_given_ = 0;
};

}  // namespace dibs::sale

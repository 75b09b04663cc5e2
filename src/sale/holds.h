#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "sale/book.h"

namespace dibs::sale {

/// Whether an order in this state has units that go back at a deadline.
[[nodiscard]] constexpr bool holds_units(OrderState state) {
  return state == OrderState::held || state == OrderState::paying;
}

/// The orders that hold units, the one whose deadline comes first on top, of equal ones the first
/// to arrive. Windows are mostly equal, so entries of (deadline, order) mostly come in order: those
/// stand in a run, which costs nothing to take from, and only the others in a binary heap. Entries
/// of orders that hold no more, or until later, stay where they are until they come to the top:
/// looking for one in the middle would touch memory all over the place. Stale entries are swept out
/// when they outnumber the others.
class Holds {
 public:
  [[nodiscard]] bool empty() const { return live_ == 0; }
  [[nodiscard]] std::size_t size() const { return live_; }
  /// Only while not empty.
  [[nodiscard]] OrderIndex first() const { return top().order; }

  /// `order` holds units from now on, until its deadline_ns.
  void add(const Book& book, OrderIndex order);
  /// `order` has stopped holding units.
  void removed(const Book& book);
  /// The deadline of `order`, which holds units, has become later.
  void postponed(const Book& book, OrderIndex order);

 private:
  struct Entry {
    std::int64_t deadline_ns;
    OrderIndex order;
  };
  struct Later;

  static bool is_stale(const Book& book, const Entry& entry);
  [[nodiscard]] const Entry& top() const;
  void pop();
  void push(const Book& book, OrderIndex order);
  void tidy(const Book& book);
  [[nodiscard]] std::size_t entries() const { return run_.size() + heap_.size(); }

  // The first of both is not stale.
  std::deque<Entry> run_;    ///< in order
  std::vector<Entry> heap_;  ///< came out of order
  std::size_t live_ = 0;
};

}  // namespace dibs::sale

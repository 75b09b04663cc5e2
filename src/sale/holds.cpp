#include "sale/holds.h"

#include <algorithm>

#include "base/assert.h"

namespace dibs::sale {
namespace {

constexpr std::size_t kSlack = 64;  // stale entries that are not worth a sweep

}  // namespace

struct Holds::Later {
  bool operator()(const Entry& a, const Entry& b) const {
    return a.deadline_ns != b.deadline_ns ? a.deadline_ns > b.deadline_ns : a.order > b.order;
  }
};

bool Holds::is_stale(const Book& book, const Entry& entry) {
  const StoredOrder& order = book.at(entry.order);
  return !holds_units(order.state) || order.deadline_ns != entry.deadline_ns;
}

void Holds::add(const Book& book, OrderIndex order) {
  ++live_;
  push(book, order);
}

void Holds::postponed(const Book& book, OrderIndex order) {
  push(book, order);
  tidy(book);
}

void Holds::removed(const Book& book) {
  DIBS_ASSERT(live_ > 0);
  --live_;
  tidy(book);
}

void Holds::push(const Book& book, OrderIndex order) {
  heap_.push_back(Entry{book.at(order).deadline_ns, order});
  std::ranges::push_heap(heap_, Later{});
}

/// Takes stale entries off the top, and all of them when they are too many.
void Holds::tidy(const Book& book) {
  if (heap_.size() > 2 * live_ + kSlack) {
    std::erase_if(heap_, [&book](const Entry& entry) { return is_stale(book, entry); });
    std::ranges::make_heap(heap_, Later{});
    DIBS_ASSERT(heap_.size() == live_);
  }
  while (!heap_.empty() && is_stale(book, heap_.front())) {
    std::ranges::pop_heap(heap_, Later{});
    heap_.pop_back();
  }
}

}  // namespace dibs::sale

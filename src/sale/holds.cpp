#include "sale/holds.h"

#include <algorithm>

#include "base/assert.h"

namespace dibs::sale {
namespace {

constexpr std::size_t kHoldSlack = 64;  // stale entries that are not worth a sweep

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

const Holds::Entry& Holds::top() const {
  if (run_.empty()) return heap_.front();
  if (heap_.empty()) return run_.front();
  return Later{}(run_.front(), heap_.front()) ? heap_.front() : run_.front();
}

void Holds::pop() {
  if (!run_.empty() && &top() == &run_.front()) return run_.pop_front();
  std::ranges::pop_heap(heap_, Later{});
  heap_.pop_back();
}

void Holds::push(const Book& book, OrderIndex order) {
  const Entry entry{book.at(order).deadline_ns, order};
  if (run_.empty() || !Later{}(run_.back(), entry)) return run_.push_back(entry);
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, Later{});
}

/// Takes stale entries off the top, and all of them when they are too many.
void Holds::tidy(const Book& book) {
  if (entries() > 2 * live_ + kHoldSlack) {
    const auto stale = [&book](const Entry& entry) { return is_stale(book, entry); };
    std::erase_if(run_, stale);
    std::erase_if(heap_, stale);
    std::ranges::make_heap(heap_, Later{});
    DIBS_ASSERT(entries() == live_);
  }
  while (entries() > 0 && is_stale(book, top())) pop();
}

}  // namespace dibs::sale

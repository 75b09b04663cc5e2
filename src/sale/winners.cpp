#include "sale/winners.h"

#include <algorithm>

#include "base/assert.h"

namespace dibs::sale {
namespace {

constexpr std::size_t kWinnerSlack = 64;  // stale entries that are not worth a sweep

}  // namespace

void Winners::add(OrderIndex order) {
  ++live_;
  heap_.push_back(order);
  std::ranges::push_heap(heap_);
}

void Winners::removed(const Book& book) {
  DIBS_ASSERT(live_ > 0);
  --live_;
  const auto is_stale = [&book](OrderIndex o) { return book.at(o).state != OrderState::paid; };
  if (heap_.size() > 2 * live_ + kWinnerSlack) {
    std::erase_if(heap_, is_stale);
    std::ranges::make_heap(heap_);
    DIBS_ASSERT(heap_.size() == live_);
  }
  while (!heap_.empty() && is_stale(heap_.front())) {
    std::ranges::pop_heap(heap_);
    heap_.pop_back();
  }
}

}  // namespace dibs::sale

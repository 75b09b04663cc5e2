#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/time.h"
#include "engine/sales.h"

namespace dibs::engine {

/// When each sale next does something by itself: a heap whose outdated entries are dropped when
/// they come up. Not thread-safe.
class DueTimes {
 public:
  /// Notes `slot`'s next moment, after anything was done to it.
  void note(SaleSlot& slot) {
    const std::optional<Instant> next = slot.sale.next_due();
    if (next == slot.timer) return;
    slot.timer = next;
    if (!next) return;
    heap_.push_back({*next, &slot});
    std::ranges::push_heap(heap_, later);
  }

  /// The next sale whose moment is not after `now`, taken off; nullptr when there is none.
  [[nodiscard]] SaleSlot* take(Instant now) {
    while (!heap_.empty() && heap_.front().at <= now) {
      const Entry entry = pop();
      if (entry.slot->timer == entry.at) {
        entry.slot->timer.reset();
        return entry.slot;
      }
    }
    return nullptr;
  }

  /// When take() will give something, if nothing changes; may be too early, never too late.
  [[nodiscard]] std::optional<Instant> next() const {
    return heap_.empty() ? std::optional<Instant>() : heap_.front().at;
  }

 private:
  struct Entry {
    Instant at;
    SaleSlot* slot;
  };
  static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }
  Entry pop() {
    std::ranges::pop_heap(heap_, later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

  std::vector<Entry> heap_;
};

}  // namespace dibs::engine

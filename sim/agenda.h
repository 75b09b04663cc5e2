#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace dibs::sim {

/// What is to happen when, in simulated time. What is due at the same moment happens in the order
/// in which it was put down.
class Agenda {
 public:
  using Happening = std::move_only_function<void()>;

  void add(Instant at, Happening happening) {
    items_.push_back({at, ++count_, std::move(happening)});
    std::push_heap(items_.begin(), items_.end(), later);
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] Instant next() const { return items_.front().at; }
  [[nodiscard]] Happening take() {
    std::pop_heap(items_.begin(), items_.end(), later);
    Happening happening = std::move(items_.back().happening);
    items_.pop_back();
    return happening;
  }

 private:
  struct Item {
    Instant at;
    std::uint64_t number = 0;
    Happening happening;
  };
  static bool later(const Item& a, const Item& b) {
    return std::pair(a.at, a.number) > std::pair(b.at, b.number);
  }

  std::vector<Item> items_;
  std::uint64_t count_ = 0;
};

}  // namespace dibs::sim

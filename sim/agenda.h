#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace dibs::sim {

/// What is to happen when, in simulated time that nobody can set. What is due at the same moment
/// happens in the order in which it was put down.
class Agenda {
 public:
  using Happening = std::move_only_function<void()>;

  explicit Agenda(const Clock& clock) : clock_(clock) {}

  void after(Duration wait, Happening happening) {
    items_.push_back({clock_.monotonic() + wait, ++count_, std::move(happening)});
    std::push_heap(items_.begin(), items_.end(), later);
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] Duration next() const { return items_.front().at; }
  [[nodiscard]] Happening take() {
    std::pop_heap(items_.begin(), items_.end(), later);
    Happening happening = std::move(items_.back().happening);
    items_.pop_back();
    return happening;
  }

 private:
  struct Item {
    Duration at;
    std::uint64_t number = 0;
    Happening happening;
  };
  static bool later(const Item& a, const Item& b) {
    return std::pair(a.at, a.number) > std::pair(b.at, b.number);
  }

  const Clock& clock_;
  std::vector<Item> items_;
  std::uint64_t count_ = 0;
};

}  // namespace dibs::sim

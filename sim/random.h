#pragma once

#include <cstdint>
#include <random>

#include "base/time.h"

namespace dibs::sim {

/// All luck of a simulation. The same seed gives the same on every machine: the engine is
/// specified bit by bit, and what is made of its numbers is written here.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  [[nodiscard]] std::uint64_t bits() { return bits_(); }
  /// 0 to `count` - 1; `count` is 1 or more.
  [[nodiscard]] std::uint64_t below(std::uint64_t count) { return bits_() % count; }
  /// True in `thousandths` of 1,000 cases.
  [[nodiscard]] bool chance(std::uint64_t thousandths) { return below(1000) < thousandths; }
  [[nodiscard]] Duration between(Duration least, Duration most) {
    const auto width = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + Duration(static_cast<std::int64_t>(below(width)));
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace dibs::sim

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ids.h"

namespace dibs::store {

/// Order keys of bits from the system's random source, fetched many at a time. Not thread-safe.
class RandomKeys {
 public:
  /// With a `seed` other than 0, for simulations only: keys that follow from it.
  explicit RandomKeys(std::uint64_t seed = 0) : seed_(seed) {}

  [[nodiscard]] OrderKey next();

 private:
  // 256 keys a system call: the call costs some 4 us at this size, 16 ns a key.
  std::array<std::uint8_t, 256 * sizeof(OrderKey)> bytes_{};
  std::size_t used_ = sizeof bytes_;
  std::uint64_t seed_;
};

}  // namespace dibs::store

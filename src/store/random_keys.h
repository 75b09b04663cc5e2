#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ids.h"

namespace dibs::store {

/// Order keys of bits from the system's random source, fetched many at a time. Not thread-safe.
class RandomKeys {
 public:
  [[nodiscard]] OrderKey next();

 private:
  // 256 keys a system call: the call costs some 4 us at this size, 16 ns a key.
  std::array<std::uint8_t, 256 * sizeof(OrderKey)> bytes_{};
  std::size_t used_ = sizeof bytes_;
};

}  // namespace dibs::store

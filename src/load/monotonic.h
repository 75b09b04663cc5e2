#pragma once

#include <time.h>

#include <cstdint>

namespace dibs::load {

/// CLOCK_MONOTONIC in ns: the one clock of every time the tool reports.
[[nodiscard]] inline std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace dibs::load

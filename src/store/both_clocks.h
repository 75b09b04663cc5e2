#pragma once

#include "base/time.h"

namespace dibs::store {

/// What both clocks show at one moment.
struct BothClocks {
  Duration monotonic;
  Instant wall;
};

/// A thread can lose its core between two readings, which looks as if the wall clock had been set.
/// So the wall clock is read again until two readings of the other one stand close around it:
/// `wall` is at most a millisecond after `monotonic` (or what came of a hundred tries).
[[nodiscard]] inline BothClocks read_both(const Clock& clock) {
  constexpr Duration kClose = std::chrono::milliseconds(1);
  constexpr int kTries = 100;
  BothClocks read{clock.monotonic(), clock.now()};
  Duration after = clock.monotonic();
  for (int i = 1; i < kTries && after - read.monotonic > kClose; ++i) {
    read = {after, clock.now()};
    after = clock.monotonic();
  }
  return read;
}

}  // namespace dibs::store

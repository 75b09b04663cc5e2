#pragma once

#include <atomic>

#include "base/time.h"

namespace dibs::engine {

/// A wall clock that tests move; its other clock runs along with it.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return from_ns(wall_ns_.load()); }
  [[nodiscard]] Duration monotonic() const override { return Duration(monotonic_ns_.load()); }

  void advance(Duration by) {
    monotonic_ns_ += by.count();
    wall_ns_ += by.count();
  }
  /// Somebody sets the wall clock.
  void step(Duration by) { wall_ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_ns_{1'800'000'000'000'000'000};
  std::atomic<std::int64_t> monotonic_ns_{1'000'000'000'000};
};

}  // namespace dibs::engine

#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/time.h"

namespace dibs::payment {

/// A circuit breaker (Nygard, "Release It!"): after kFailures in a row the provider is left alone
/// for a while, then one call at a time finds out whether it is back. Fails closed: while it is
/// open nothing new is begun. Any thread.
class Circuit {
 public:
  static constexpr std::uint32_t kFailures = 5;
  static constexpr Duration kRest = std::chrono::seconds(2);

  /// How long to wait before the next call; zero: it may be made now, and its end must be told.
  [[nodiscard]] Duration wait(Duration now);
  void succeeded();
  /// True when this failure has opened it.
  bool failed(Duration now);
  /// For how long nothing new should be begun; nothing: it is closed, or about to be tried.
  [[nodiscard]] std::optional<Duration> open_for(Duration now) const;

 private:
  mutable std::mutex mutex_;  ///< guards the rest
  std::uint32_t failures_ = 0;
  Duration rests_until_{0};
};

}  // namespace dibs::payment

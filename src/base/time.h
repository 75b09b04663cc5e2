#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dibs {

using Duration = std::chrono::nanoseconds;
/// A moment on the wall clock (CLOCK_REALTIME): the same clock as the kernel's receive timestamps.
using Instant = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// The seam to time. Production reads the system; tests and the simulator decide what time it is.
/// Safe to call from any thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// The wall clock; it can step backwards.
  [[nodiscard]] virtual Instant now() const = 0;
  /// A clock that never steps, for measuring time-outs. Only differences mean anything.
  [[nodiscard]] virtual Duration monotonic() const = 0;
};

/// The system's clocks.
[[nodiscard]] const Clock& system_clock();

/// RFC 3339 in UTC with milliseconds (rounded down): `2026-12-01T11:00:00.000Z`.
[[nodiscard]] std::string to_rfc3339(Instant instant);
/// The same to the nanosecond, always with nine digits: nothing of `instant` is lost.
[[nodiscard]] std::string to_rfc3339_ns(Instant instant);
/// Reads RFC 3339 with `Z` or a numeric offset and up to nine fractional digits, years 1970 to
/// 2261; nothing when `text` is not that (a leap second is not that either).
[[nodiscard]] std::optional<Instant> parse_rfc3339(std::string_view text);

/// Whole nanoseconds since the epoch, the form in which instants are stored.
[[nodiscard]] constexpr std::int64_t to_ns(Instant instant) {
  return instant.time_since_epoch().count();
}
[[nodiscard]] constexpr Instant from_ns(std::int64_t ns) { return Instant(Duration(ns)); }

}  // namespace dibs

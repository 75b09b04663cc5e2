#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace dibs {

/// Where a request stands in the order of arrival: the kernel's receive timestamp of the read that
/// completed it, then the loop that read it, then the order in which that loop handed it out.
/// Compared in that order; unique within one run of the process.
struct Stamp {
  Instant received;              ///< CLOCK_REALTIME, as stamped by the kernel
  std::uint32_t loop = 0;        ///< index of the ingress loop
  std::uint64_t read_order = 0;  ///< running number of the handing out within the loop

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};

/// Hears from the ingress loops how far each of them has read.
class WatermarkListener {
 public:
  WatermarkListener() = default;
  WatermarkListener(const WatermarkListener&) = delete;
  WatermarkListener& operator=(const WatermarkListener&) = delete;
  virtual ~WatermarkListener() = default;

  /// `loop` promises that every request it will submit from now on has `stamp.received` later
  /// than `upto`; all earlier ones have been submitted. Called on the loop's own thread, with
  /// `upto` never decreasing. Must not block.
  virtual void on_watermark(std::uint32_t loop, Instant upto) noexcept = 0;

  /// The furthest that any loop has promised, for one whose clock was set back: with this it need
  /// not hold the others up until the clock is there again. Any thread.
  [[nodiscard]] virtual Instant furthest_watermark() const noexcept { return Instant::min(); }
};

}  // namespace dibs

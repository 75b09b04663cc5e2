#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/latency_histogram.h"
#include "api/problem.h"
#include "base/time.h"
#include "sale/codes.h"

namespace dibs::api {

/// The API's own counters. Any thread; each figure by itself is exact, together they may be a
/// moment apart.
class Metrics {
 public:
  enum class Verdict : std::uint8_t { authorised, declined, capture_refused, voided };

  enum class Webhook : std::uint8_t { taken, known, refused };

  void answered(std::string_view code);
  void took(Duration duration);
  void paid(Verdict verdict) { ++payments_.at(static_cast<std::size_t>(verdict)); }
  void webhook(Webhook what) { ++webhooks_.at(static_cast<std::size_t>(what)); }
  void streamed(std::uint64_t events) { stream_events_ += events; }
  void serialised(std::uint64_t events) { serialisations_ += events; }
  void stream_refused() { ++streams_refused_; }
  void streams(std::int64_t change) { streams_ += change; }
  void long_polls(std::int64_t change) { long_polls_ += change; }

  [[nodiscard]] std::uint64_t answers(std::string_view code) const;
  [[nodiscard]] std::uint64_t answers() const;  ///< of every code, and those without
  [[nodiscard]] std::int64_t streams() const { return streams_; }
  [[nodiscard]] std::int64_t long_polls() const { return long_polls_; }
  /// The same durations as on /metrics, in finer steps.
  [[nodiscard]] const LatencyHistogram& latencies() const { return latencies_; }
  /// Streams and long polls that are open.
  [[nodiscard]] std::int64_t listening() const { return streams_ + long_polls_; }
  /// The page of /metrics; `others` are the figures of other parts.
  [[nodiscard]] std::string text(std::span<const Stat> others) const;

 private:
  friend struct Page;
  static constexpr std::size_t kCodeCount = sale::kCodes.size() + kRouteCodes.size() + 1;
  /// Upper bounds in seconds; the last bucket takes the rest.
  static constexpr std::array kBounds = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                         0.1,    0.2,   0.5,   1.0,   2.0,  5.0};

  std::array<std::atomic<std::uint64_t>, kCodeCount> answers_{};  ///< 0: ok
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<std::int64_t> took_ns_ = 0;
  LatencyHistogram latencies_;
  std::array<std::atomic<std::uint64_t>, 4> payments_{};
  std::array<std::atomic<std::uint64_t>, 3> webhooks_{};
  std::atomic<std::uint64_t> stream_events_ = 0;
  std::atomic<std::uint64_t> serialisations_ = 0;
  std::atomic<std::uint64_t> streams_refused_ = 0;
  std::atomic<std::int64_t> streams_ = 0;
  std::atomic<std::int64_t> long_polls_ = 0;
};

}  // namespace dibs::api

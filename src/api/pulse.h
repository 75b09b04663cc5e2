#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "api/latency_histogram.h"
#include "base/time.h"

namespace dibs::api {

struct Core;

/// The server's figures of the last second, made once for every console that looks. One thread.
class Pulse {
 public:
  /// Looks, so that the next beat() has something to compare with; until then rates are null.
  void begin(const Core& core);
  /// Takes the figures of the time since the look before, and serialises them.
  void beat(const Core& core);

  /// The members `server`, `stats` and `answers` of the live event, as JSON with commas between.
  [[nodiscard]] const std::string& members() const { return members_; }

 private:
  struct Look {
    Duration at{0};  ///< monotonic
    std::uint64_t answers = 0;
    std::optional<double> requests;
    LatencyHistogram::Counts latencies{};
    std::vector<Stat> stats;
  };
  [[nodiscard]] static Look look(const Core& core);
  void write(const Core& core, const Look& before);

  Look latest_;
  std::optional<Duration> interval_;
  std::string members_;
};

}  // namespace dibs::api

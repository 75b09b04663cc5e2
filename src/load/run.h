#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/fairness.h"
#include "load/latency.h"
#include "load/options.h"
#include "load/press.h"
#include "load/resources.h"

namespace dibs::load {

/// What the sale said of itself.
struct SaleFacts {
  std::string title;
  std::string sku;
  std::string sku_title;
  std::string payment;  ///< `provider`, `shop` or `none`
  std::string durability;
  std::string state;
  std::uint64_t line_limit = 0;
  std::uint64_t total = 0;
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  std::uint64_t sold = 0;
  std::uint64_t waiting = 0;
};

/// Stock and line of the SKU as the sale's stream told them.
struct StockSample {
  std::int64_t at_ns = 0;  ///< since the first press
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  std::uint64_t sold = 0;
  std::uint64_t waiting = 0;
};

/// A kind of broken contract, with the first place where it was seen.
struct Violation {
  std::string what;
  std::uint64_t count = 0;
  std::string example;
};

/// By how much a counter of the server has grown during the run.
struct CounterGrowth {
  ZeroCounter counter;
  std::uint64_t growth = 0;
};

/// A figure or sentence of the caller for the reports, for example the verdict of an audit.
struct Note {
  std::string label;
  std::string value;
};

/// Everything a run has seen and everything concluded from it.
struct Run {
  Options options;
  Machine machine;
  SaleFacts sale_before;
  SaleFacts sale_after;
  Instant started;  ///< the first press on the wall clock

  std::vector<Press> presses;             ///< in the order of press; exactly one a buyer
  std::vector<std::int64_t> answered_ns;  ///< every answer of the run, payments too
  std::vector<StockSample> stock_curve;
  Sampler::Curves usage_curves;  ///< their times are since the first press
  std::vector<Violation> violations;
  std::vector<std::string> invalid_because;  ///< not empty: the figures mean nothing
  std::vector<CounterGrowth> counters;       ///< Options::zero_counters that the server has
  std::uint64_t exchanges = 0;               ///< requests sent in all
  bool timed_out = false;

  /// Added by the caller before the reports are written.
  std::vector<Note> notes;
  std::vector<std::string> broken_elsewhere;  ///< promises the caller found broken

  std::uint64_t stock = 0;   ///< units for sale at the first press
  double seconds_total = 0;  ///< first press to last final state
  double tps = 0;
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::map<std::string, std::uint64_t> codes;  ///< refusals by code
  Latency latency;                             ///< sent to first answer
  Latency latency_corrected;                   ///< due to first answer
  Latency latency_final;                       ///< sent to final state
  Fairness fairness;
  std::uint64_t oversold = 0;
  std::optional<Usage> server_usage;
  std::optional<Usage> redis_usage;
  std::optional<Usage> tool_usage;

  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return outcomes[index_of(outcome)]; }
};

/// Computes everything below `stock` from what stands above it. Sorts the presses.
/// `border_ns`: when stock was added or the sale was closed; see Border.
void summarise(Run& run, std::optional<std::int64_t> border_ns);

}  // namespace dibs::load

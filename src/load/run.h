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
#include "load/sentence.h"

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
  bool stock_shown = true;  ///< else the figures below are all 0
  std::uint64_t total = 0;
  std::int64_t available = 0;  ///< below 0 only where a design does not look
  std::uint64_t held = 0;
  std::uint64_t sold = 0;
  std::uint64_t waiting = 0;
  bool gateways_agree = true;  ///< all of them showed the figures above, within a second or two
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
  Sentence label;
  Sentence value;
};

/// Everything a run has seen and everything concluded from it.
struct Run {
  Options options;
  Machine machine;
  SaleFacts sale_before;
  std::optional<SaleFacts> sale_after;  ///< nothing: the server could not be asked any more
  Instant started;                      ///< the first press on the wall clock

  std::vector<Press> presses;             ///< in the order of press; exactly one a buyer
  std::vector<std::int64_t> answered_ns;  ///< every answer of the run, payments too
  std::vector<StockSample> stock_curve;
  Sampler::Curves usage_curves;  ///< their times are since the first press
  std::vector<Violation> violations;
  std::vector<Sentence> invalid_because;  ///< not empty: the figures mean nothing
  std::vector<CounterGrowth> counters;    ///< Options::zero_counters that the server has
  std::uint64_t exchanges = 0;            ///< requests sent in all
  bool timed_out = false;                 ///< nothing changed for Options::patience
  bool over_limit = false;                ///< ended by Options::time_limit
  /// Refusals of what followed a press, by code; most were asked again.
  std::map<std::string, std::uint64_t> later_refusals;

  /// Added by the caller before the reports are written.
  std::vector<Note> notes;
  std::vector<Sentence> broken_elsewhere;  ///< promises the caller found broken

  std::uint64_t stock = 0;    ///< units for sale at the first press
  double seconds_total = 0;   ///< first press to last final state
  std::optional<double> tps;  ///< nothing when a buyer had no answer
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::map<std::string, std::uint64_t> codes;  ///< refusals that stand, by code
  Latency latency;                             ///< sent to first answer
  Latency latency_corrected;                   ///< due to first answer
  Latency latency_final;                       ///< sent to final state
  Fairness fairness;
  /// With several gateways: the order within each of them, added up.
  std::optional<OrderKept> same_gateway;
  std::uint64_t oversold = 0;
  std::optional<Usage> server_usage;
  std::optional<Usage> redis_usage;
  std::optional<Usage> tool_usage;

  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return outcomes[index_of(outcome)]; }
  /// The order that is promised: of each gateway for itself. What came through one of several may
  /// overtake what came through another; those pairs are in `fairness` and not in here.
  [[nodiscard]] OrderKept promised_order() const;
  /// Inversions whose two presses went through different gateways.
  [[nodiscard]] std::uint64_t inversions_across_gateways() const;
  /// The server died or hung: what is missing for that reason is held against nobody.
  [[nodiscard]] bool server_lost() const { return !sale_after; }
  /// Of Outcome::refused_early, those whom no rule of the sale kept out: 429, 503 and the like.
  [[nodiscard]] std::uint64_t turned_away() const;
  /// Units that came on sale during the run, or went (negative).
  [[nodiscard]] std::int64_t units_added() const;
  /// total - available - held - sold at the end: above 0 units are lost, below 0 some are there
  /// that never were. 0 where the law of conservation holds, or nobody could be asked.
  [[nodiscard]] std::int64_t units_missing() const;
};

/// Computes everything below `stock` from what stands above it. Sorts the presses.
/// `border_ns`: when stock was added or the sale was closed; see Border.
void summarise(Run& run, std::optional<std::int64_t> border_ns);

}  // namespace dibs::load

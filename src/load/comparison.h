#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/options.h"
#include "load/run.h"
#include "load/sentence.h"

/// Several ways of selling, measured on the same work.
namespace dibs::load {

/// One strategy and what was measured of it.
struct Case {
  std::string strategy;
  /// Dibs itself: what it does wrong is a broken promise. Of a design of the past it is a finding.
  bool promises = false;
  std::optional<Sentence> unavailable;  ///< why there is no run of it, or no further one
  bool broke_down = false;              ///< it should have run, and could not
  std::vector<Run> runs;
};

struct Comparison {
  Options options;  ///< what the runs have in common
  std::uint64_t stock = 0;
  std::uint32_t runs = 0;           ///< of each strategy
  std::uint32_t gateways = 1;       ///< of each strategy that can have several
  std::string write_back = "none";  ///< how SQL followed Dibs' own
  std::string baseline;             ///< the strategy that the others are compared with
  Duration payment_delay{0};
  Duration queue_limit{0};  ///< after which a run of `queue` is ended
  Machine machine;
  Instant started;
  std::vector<Case> cases;
};

/// Means over the runs of one case.
struct Means {
  std::optional<double> tps;  ///< of the runs that have one
  double seconds_total = 0;
  Latency latency;  ///< each figure is the mean of that figure
  Latency latency_final;
  Latency latency_corrected;
  std::array<double, kOutcomeCount> outcomes{};
  double first_come_accuracy = 0;
  double inversions = 0;
  double same_gateway = 0;  ///< of these, both presses through one gateway: what is promised as 0
  double max_gap_ms = 0;
  double max_overtake = 0;
  double last_winner_rank = 0;
  double fair_last_rank = 0;
  double eligible = 0;
  double oversold = 0;
  double recorded_sold = 0;  ///< units that the sale counts as sold at the end
  double units_missing = 0;
  std::optional<Usage> server;
  std::optional<Usage> redis;
  std::optional<Usage> tool;
};
/// All zero when there is no run.
[[nodiscard]] Means means_of(const Case& one);

/// By how much the three figures of the shop's table changed, in percent.
struct Change {
  std::optional<double> tps;
  double seconds_total = 0;
  double latency_final_mean = 0;
};
[[nodiscard]] Change change_between(const Means& before, const Means& after);

/// How many gateways its runs had; 0 without a run.
[[nodiscard]] std::uint32_t gateways_of(const Case& one);
/// What several gateways mean for the order, and who had only one; nothing with one gateway.
[[nodiscard]] std::vector<Sentence> gateway_notes(const Comparison& all);

/// What is told apart by the names of the rows; nothing without a ledger.
[[nodiscard]] std::vector<Sentence> write_back_notes(const Comparison& all);

/// The case with that name, with at least one run; null when there is none.
[[nodiscard]] const Case* find_case(const Comparison& all, const std::string& strategy);

/// What the shop published of its first lock and of its script: for reference, from another
/// machine.
struct Published {
  double tps;
  double seconds_total;
  double seconds_mean;
};
inline constexpr Published kPublishedLock{175.76, 23.63681054, 0.2293712116};
inline constexpr Published kPublishedScript{235.38, 11.17878842, 0.1102334264};
[[nodiscard]] Change published_change();

/// What a run of a design of the past did wrong: its broken promises, were they any.
[[nodiscard]] std::vector<std::string> findings_of(const Case& one, Language language);

/// 0: every promise of Dibs held, 1: one was broken or a run is invalid, 3: a server was lost or
/// did not start.
[[nodiscard]] int exit_status(const Comparison& all);

/// For a terminal, with a line feed at the end.
[[nodiscard]] std::string table(const Comparison& all, Language language);
/// One object, as the API description names it; more members at the end of each part.
[[nodiscard]] std::string to_json(const Comparison& all);
/// One row a run.
[[nodiscard]] std::string to_csv(const Comparison& all);
/// One self-contained page.
[[nodiscard]] std::string to_html(const Comparison& all, Language language);

}  // namespace dibs::load

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/end_on_signal.h"
#include "load/load.h"

/// One run of one strategy of `dibs compare`.
namespace dibs::cli {

[[nodiscard]] std::vector<std::string> all_strategies();
/// Dibs itself, not one of the shop's designs.
[[nodiscard]] bool is_dibs(const std::string& strategy);
/// Whether it needs a Redis.
[[nodiscard]] bool needs_redis(const std::string& strategy);

struct CaseWork {
  std::string strategy;
  std::string name;                 ///< in the reports; `strategy`, or with -sync behind it
  std::string write_back = "none";  ///< none, async, sync; of Dibs only, whose orders SQL follows
  std::string ledger;               ///< its URL; empty: a file of SQLite of the run's own
  load::Options options;            ///< of the crowd
  std::uint32_t stock = 0;
  std::uint32_t gateways = 1;  ///< on one Redis; the engine, which needs none, has one
  std::uint32_t payment_delay_ms = 0;
  Duration queue_limit{0};
  std::string directory;  ///< for what the run writes; a directory below it is made and removed
  load::Language language = load::Language::english;
};

/// Starts what the strategy needs (its gateways, and a Redis of its own), lets the crowd loose, and
/// stops everything again.
[[nodiscard]] Result<load::Run> measure(const CaseWork& work, EndOnSignal& end);

}  // namespace dibs::cli

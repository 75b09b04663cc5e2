#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ledger/applier.h"
#include "ledger/rows.h"

namespace dibs::ledger {

/// What of one sale's events in a batch can be applied to its row, by their chain alone.
struct Run {
  std::vector<const Delivered*> next;  ///< in order, the first continues the row
  std::uint64_t duplicates = 0;
  /// Behind `next` an event is missing, and some that follow it were left out.
  bool gap = false;
  std::string stopped;  ///< why nothing behind `next` can be applied, in words; empty: it can
};

/// Holds the events of one sale, in the order in which they came, against its applied row. One that
/// comes before those that it follows waits for them, and is taken when it comes again: whoever
/// sends events in another order sends them more than once.
[[nodiscard]] Run run_of(const SaleId& sale, const AppliedRow& row,
                         std::span<const Delivered* const> events);

}  // namespace dibs::ledger

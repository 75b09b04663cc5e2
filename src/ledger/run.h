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
  bool gap = false;     ///< behind `next` an event is missing
  std::string stopped;  ///< why nothing behind `next` can be applied, in words; empty: it can
};

/// Holds the events of one sale, in the order in which they came, against its applied row.
[[nodiscard]] Run run_of(const SaleId& sale, const AppliedRow& row,
                         std::span<const Delivered* const> events);

}  // namespace dibs::ledger

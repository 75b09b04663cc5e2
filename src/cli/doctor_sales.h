#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/checkup.h"
#include "engine/inspect.h"
#include "sale/sale.h"

/// What `dibs doctor` looks at in the journal: whether it is whole, and what is to be sold.
namespace dibs::cli {

[[nodiscard]] Finding judge_journal(const engine::JournalReport& report, bool server_runs);

/// A line for each sale: how long until it opens, also in this machine's time zone, or how it is.
[[nodiscard]] std::vector<Finding> judge_sales(const std::vector<sale::SaleView>& sales,
                                               Instant now);
/// Whether one of them is to open at a time that has not come.
[[nodiscard]] bool opening_ahead(const std::vector<sale::SaleView>& sales);

/// What the sales that are not over may write at the worst, every commit in a sector of its own,
/// when `buyers` press.
[[nodiscard]] std::uint64_t bytes_needed(const std::vector<sale::SaleView>& sales,
                                         std::uint64_t buyers);

}  // namespace dibs::cli

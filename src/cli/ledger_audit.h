#pragma once

#include <string>

#include "base/result.h"
#include "ledger/comparison.h"

namespace dibs::cli {

/// Holds the ledger at `url` against the journal of a data directory, beside their server or not.
[[nodiscard]] Result<ledger::ComparisonReport> audit_ledger(const std::string& data,
                                                            const std::string& url);

}  // namespace dibs::cli

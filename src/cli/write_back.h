#pragma once

#include <memory>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "cli/seller.h"
#include "cli/serve_options.h"
#include "ledger/follower.h"

namespace dibs::cli {

/// Who keeps the ledger in this process, as the settings say; null where nobody does. A ledger in a
/// file that cannot be opened is refused here; a database server that is away is waited for. The
/// seller outlives it.
[[nodiscard]] Result<std::unique_ptr<ledger::Follower>> choose_write_back(
    const ServeOptions& options, Seller& seller);

/// The follower's figures for /metrics; it may be null.
void add_ledger_stats(std::vector<api::Stat>& out, const ledger::Follower* follower);

}  // namespace dibs::cli

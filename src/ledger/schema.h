#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "ledger/database.h"

/// The tables, and the steps that lead to them: docs/formats/ledger.md.
namespace dibs::ledger {

/// The steps in order; the version of a ledger is how many of them it has.
[[nodiscard]] std::span<const std::string_view> migrations();

/// Brings the ledger to this program's version. Any number of processes may call at once. Refuses
/// one of a later program as `bad_input`, with both versions, and changes nothing.
[[nodiscard]] Result<void> migrate(Database& database);

/// Fails as migrate() does, and as `not_found` where there are no tables; changes nothing.
[[nodiscard]] Result<void> check_version(Database& database);

/// Takes every row away, and the tables of an earlier version; then migrates.
[[nodiscard]] Result<void> make_anew(Database& database);

}  // namespace dibs::ledger

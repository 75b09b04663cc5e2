#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dibs::ledger {

/// Which dialect of SQL a ledger speaks.
enum class Dialect : std::uint8_t { sqlite, postgresql, mysql };

/// Where a ledger is.
struct Address {
  Dialect dialect = Dialect::sqlite;
  std::string connect;  ///< what the database's driver is given; may hold a password
  std::string shown;    ///< for people and logs: without user, password and options
};

/// Reads `sqlite:FILE`, `postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?OPTIONS]` (libpq's
/// own form) or `mysql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?socket=PATH]`, which is MariaDB's
/// too. Fails as `bad_input`, saying what is wrong without repeating a password.
[[nodiscard]] Result<Address> parse_address(std::string_view url);

}  // namespace dibs::ledger

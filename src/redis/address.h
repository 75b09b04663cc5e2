#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dibs::redis {

/// Where a Redis server is and who asks.
struct Address {
  std::string host;  ///< name or number; empty: `path`
  std::uint16_t port = 0;
  std::string path;      ///< of a Unix socket
  std::string user;      ///< empty: Redis' default user
  std::string password;  ///< empty: none is sent
  std::uint32_t database = 0;

  /// For a person and the log: without user and password.
  [[nodiscard]] std::string shown() const;
};

/// Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` or
/// `unix:[//[[USER]:PASSWORD@]]PATH[?db=N]`; user and password may be percent-encoded. Fails as
/// `bad_input`, never repeating the password.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace dibs::redis

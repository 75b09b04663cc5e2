#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dibs::redis {

/// What TLS needs beyond the name of the server; PEM.
struct TlsFiles {
  std::string ca_file{};    ///< whom to trust; empty: whom this machine trusts
  std::string cert_file{};  ///< of this client; empty: it shows none
  std::string key_file{};
};

/// Where a Redis server is and who asks.
struct Address {
  std::string host;  ///< name or number; empty: `path`
  std::uint16_t port = 0;
  std::string path;      ///< of a Unix socket
  std::string user;      ///< empty: Redis' default user
  std::string password;  ///< empty: none is sent
  std::uint32_t database = 0;
  std::optional<TlsFiles> tls{};  ///< nothing: without TLS

  /// For a person and the log: without user and password.
  [[nodiscard]] std::string shown() const;
};

/// Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][/DATABASE]`, the same with `rediss:`
/// for TLS, or `unix:[//[[USER]:PASSWORD@]]PATH[?db=N]`; user and password may be percent-encoded
/// and count for every host. Several hosts are nodes of one Redis Cluster. Fails as `bad_input`,
/// never repeating the password.
[[nodiscard]] Result<std::vector<Address>> parse_addresses(std::string_view text);

/// `rediss` in all of them: `files` are used. Fails as `bad_input` when files are given without it,
/// or of certificate and key only one.
[[nodiscard]] Result<void> use_tls_files(std::vector<Address>& addresses, const TlsFiles& files);

}  // namespace dibs::redis

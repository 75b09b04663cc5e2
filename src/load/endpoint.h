#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "load/options.h"

namespace dibs::load {

/// A resolved address of the server.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

[[nodiscard]] Result<Endpoint> resolve(const std::string& host, std::uint16_t port);
/// Every gateway, in their order.
[[nodiscard]] Result<std::vector<Endpoint>> resolve_all(const Options& options);

/// Reads `http://host:port`, `host:port` or, with IPv6, `[address]:port`; a path or another scheme
/// is refused.
[[nodiscard]] Result<Address> parse_url(std::string_view url);
/// The same into host and port.
[[nodiscard]] Result<void> set_url(Options& options, std::string_view url);

/// Begins to connect a non-blocking socket without Nagle's delay; it reports writable when it is
/// connected. Invalid, with errno set, when the kernel refuses at once.
[[nodiscard]] Fd begin_connect(const Endpoint& endpoint);

/// The error of a connection attempt that has reported; 0: connected.
[[nodiscard]] int connect_error(const Fd& socket);

/// Lets this process open as many files as it is allowed to.
void raise_file_limit();

}  // namespace dibs::load

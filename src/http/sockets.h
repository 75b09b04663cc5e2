#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

/// The system calls of this folder, each wrapped once.
namespace dibs::http {

/// Opens `count` non-blocking listening sockets at `HOST:PORT` or `[V6]:PORT`, among which the
/// kernel spreads new connections evenly (SO_REUSEPORT). What they accept inherits SO_TIMESTAMPNS
/// and TCP_NODELAY, so no byte of a client arrives without a stamp, not even one that came before
/// accept. Fails naming the address, also when another server listens there already.
[[nodiscard]] Result<std::vector<Fd>> open_listeners(const std::string& address, std::size_t count);

/// Makes a listening TCP socket that somebody else opened as those of open_listeners are.
/// `bad_input` when it is something else. What waits in its queue already has come without these
/// options.
[[nodiscard]] Result<void> take_over_listener(const Fd& socket);

/// The address a socket is bound to, in the form that open_listeners takes.
[[nodiscard]] std::string local_address(const Fd& socket);

struct Accepted {
  Fd socket;
  std::string peer;  ///< numeric, without port; IPv4 in IPv6 is written as IPv4
  int error = 0;     ///< errno when socket is not valid
};
/// `set_options`: what open_listeners says of an accepted socket is set on it, for a listener that
/// has not had these options from the beginning.
[[nodiscard]] Accepted accept_one(const Fd& listener, bool set_options = false);

struct StampedRead {
  ssize_t bytes = 0;  ///< 0: the peer has closed; -1: see error
  int error = 0;
  /// When the kernel received the last of these bytes (CLOCK_REALTIME).
  std::optional<Instant> received;
};
[[nodiscard]] StampedRead read_stamped(const Fd& socket, std::span<char> buffer);

/// Makes the close of `socket` a reset: what the kernel still holds for the peer is dropped.
void reset_on_close(const Fd& socket);

}  // namespace dibs::http

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/network.h"
#include "base/time.h"
#include "http/framing.h"
#include "http/inbox.h"
#include "http/output.h"
#include "http/sockets.h"

namespace dibs::http {

/// What a connection is waiting for, and so which deadline it has.
enum class Wait : std::uint8_t {
  nothing,  ///< a request is with the handler, which answers when it likes
  idle,     ///< the first byte of a request
  head,     ///< the rest of a head
  body,     ///< the rest of a body
  write,    ///< the peer to take what was sent
  linger,   ///< the peer to close, after we refused it
};

/// One connection, owned and touched by one loop.
struct Connection {
  Fd socket;
  std::uint64_t id = 0;
  std::string peer;
  std::uint32_t listener = 0;
  std::optional<IpAddress> network{};  ///< in which it is counted, if it is

  std::string input;              ///< what was read
  std::size_t taken = 0;          ///< of it, how much belongs to requests handed out
  HeadScan scan;                  ///< of the request that begins at `taken`
  std::size_t request_bytes = 0;  ///< its size, once its head is known; 0 before
  Instant arrived;                ///< the stamp of the last read
  Instant answered;               ///< just before the last answer was handed to the kernel

  std::uint64_t request = 0;  ///< number of the request last handed out
  bool in_flight = false;     ///< that request has no answer yet
  bool head_only = false;     ///< that request was a HEAD
  bool held_back = false;     ///< it waited to be accepted because of a limit of ours
  bool close_after = false;   ///< close when the output has left
  bool refused = false;       ///< what else the peer sends is not read as requests
  bool peer_closed = false;   ///< nothing more comes

  Output output;
  std::shared_ptr<StreamState> stream;

  Wait wait = Wait::nothing;
  std::uint32_t interest = 0;  ///< what epoll was told

  [[nodiscard]] std::string_view unread() const { return std::string_view(input).substr(taken); }

  /// Forgets the request at the front, which was handed out.
  void consume(std::size_t bytes) {
    constexpr std::size_t kKeptBytes = 4 * 1024;  // an idle connection keeps no more than this
    taken += bytes;
    scan = {};
    request_bytes = 0;
    if (taken < input.size() && taken < kKeptBytes) return;
    input.erase(0, taken);
    taken = 0;
    if (input.empty() && input.capacity() > kKeptBytes) input = {};
  }
};

}  // namespace dibs::http

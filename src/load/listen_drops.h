#pragma once

#include <cstdint>
#include <optional>

#include "load/sentence.h"

namespace dibs::load {

/// How many connections the kernel has dropped before a program could accept them. Such a press was
/// never seen by the server, and its retransmission a second later looks like a slow answer: a run
/// in which this grew says nothing.
struct ListenDrops {
  std::uint64_t overflows = 0;  ///< TcpExt ListenOverflows, of the whole machine
  std::uint64_t drops = 0;      ///< TcpExt ListenDrops, of the whole machine
  /// Of the sockets that listen on the server's port; nothing when the server is elsewhere. Where
  /// it is known it decides: another program's drops are not ours.
  std::optional<std::uint64_t> own;
};

/// As they are now, for a server that listens on `port` of this machine, or on another machine.
[[nodiscard]] ListenDrops read_listen_drops(std::uint16_t port);

/// What was dropped between two readings, in words; nothing when nothing was.
[[nodiscard]] std::optional<Sentence> dropped_between(const ListenDrops& before,
                                                      const ListenDrops& after);

}  // namespace dibs::load

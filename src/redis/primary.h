#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "redis/server_connection.h"
#include "redis/settings.h"
#include "redis/topology.h"

namespace dibs::redis {

/// A primary as the store's thread has it: its connection, and how far it is from serving. A server
/// that stands alone is the one that has all hash slots.
struct Primary {
  Primary(Node of, const Clock& clock) : node(std::move(of)), connection(node.address, clock) {}

  Node node;
  std::vector<Node> replicas;  ///< as the cluster's map has them
  bool mapped = false;         ///< has hash slots; otherwise asked only who has them
  bool retired = false;        ///< has none any more, or has been asked: closed at the next tick
  ServerConnection connection;
  ServerFacts facts;
  std::string run_id;                    ///< of the server that was connected last
  std::uint64_t connected_replicas = 0;  ///< to wait for
  bool in_use = false;                   ///< from connect() until leave()
  bool serving = false;
  bool read = false;  ///< every sale that it had when it began to serve
  Fault why_not{FaultKind::unavailable, "Redis has not answered yet.",
                "Send it again in a moment."};
  Duration connect_at{0};
  Duration back_off{0};
  /// Replicas that are asked whether they may take over.
  std::vector<std::unique_ptr<ServerConnection>> asked;
  std::size_t unasked = 0;  ///< of those, how many have not answered
  std::vector<Fault> objections;
};

}  // namespace dibs::redis

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "redis/address.h"

struct redisReply;  // NOLINT(readability-identifier-naming): of hiredis

/// Who serves which hash slots.
namespace dibs::redis {

/// A server and the name that it keeps when its address changes; empty: it stands alone.
struct Node {
  std::string id;
  Address address;
};

/// A primary with its replicas and its hash slots, from and to, both included.
struct Shard {
  Node primary;
  std::vector<Node> replicas;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> hash_slots;
};

using Topology = std::vector<Shard>;

/// A server that stands alone: it has all hash slots.
[[nodiscard]] Topology alone(const Address& address);

/// What CLUSTER SLOTS says, asked of the node at `asked`: user, password and TLS are the same for
/// all nodes. `unavailable` when the reply is an error or nobody serves anything.
[[nodiscard]] Result<Topology> read_cluster_slots(const redisReply& reply, const Address& asked);

}  // namespace dibs::redis

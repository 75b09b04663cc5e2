#include "redis/topology.h"

#include <algorithm>
#include <optional>

#include "redis/fields.h"
#include "redis/hash_slot.h"

namespace dibs::redis {
namespace {

std::unexpected<Fault> no_map(const std::string& why) {
  return fault(FaultKind::unavailable, "Redis does not say who serves which hash slots: " + why,
               "Look at CLUSTER INFO and CLUSTER SLOTS; this user must be allowed both.");
}

/// `[endpoint, port, id, [name, value, …]]`. An endpoint that is missing is where we asked.
std::optional<Node> node_of(const redisReply& reply, const Address& asked) {
  const auto parts = elements(reply);
  if (parts.size() < 3) return std::nullopt;
  const auto port = number_of(*parts[1]);
  const auto id = text_of(*parts[2]);
  if (!port || *port <= 0 || *port > UINT16_MAX || !id) return std::nullopt;
  Node node{.id = std::string(*id), .address = asked};
  node.address.path.clear();
  node.address.port = static_cast<std::uint16_t>(*port);
  const auto host = text_of(*parts[0]);
  if (host && !host->empty()) node.address.host = std::string(*host);
  if (node.address.host == "?") return std::nullopt;  // a cluster that waits for a name
  return node;
}

}  // namespace

Topology alone(const Address& address) {
  return {{.primary = {.id = {}, .address = address},
           .replicas = {},
           .hash_slots = {{0, static_cast<std::uint16_t>(kHashSlots - 1)}}}};
}

Result<Topology> read_cluster_slots(const redisReply& reply, const Address& asked) {
  if (reply.type == REDIS_REPLY_ERROR) return no_map(std::string(reply.str, reply.len));
  Topology all;
  for (const redisReply* range : elements(reply)) {
    const auto parts = elements(*range);
    if (parts.size() < 3) return no_map("a range without a primary.");
    const std::int64_t from = number_of(*parts[0]).value_or(-1);
    const std::int64_t to = number_of(*parts[1]).value_or(-1);
    auto primary = node_of(*parts[2], asked);
    if (from < 0 || to < from || to >= static_cast<std::int64_t>(kHashSlots) || !primary) {
      return no_map("a range that is none.");
    }
    auto shard = std::ranges::find(
        all, primary->id, [](const Shard& one) -> const std::string& { return one.primary.id; });
    if (shard == all.end()) {
      all.push_back({.primary = std::move(*primary), .replicas = {}, .hash_slots = {}});
      shard = all.end() - 1;
      for (const redisReply* other : parts.subspan(3)) {
        if (auto node = node_of(*other, asked)) shard->replicas.push_back(std::move(*node));
      }
    }
    shard->hash_slots.emplace_back(from, to);
  }
  if (all.empty()) return no_map("nobody serves any.");
  return all;
}

}  // namespace dibs::redis

#include "redis/survey.h"

#include <optional>
#include <utility>

#include "redis/failover.h"
#include "redis/fields.h"
#include "redis/hash_slot.h"
#include "redis/link.h"

namespace dibs::redis {
namespace {

Result<void> add_facts(Link& link, ServerFacts& facts) {
  auto asked = link.call({"INFO", "everything"}, [&](const redisReply& reply) -> Result<void> {
    if (reply.type == REDIS_REPLY_ERROR) return std::unexpected(refused_info(reply));
    add_info(text_of(reply).value_or(""), facts);
    return {};
  });
  if (!asked) return asked;
  asked = link.call(words_of_watchers(), [&](const redisReply& reply) -> Result<void> {
    add_watchers(reply, facts);
    return {};
  });
  if (!asked) return asked;
  return link.call(words_of_config_get(), [&](const redisReply& reply) -> Result<void> {
    add_config(reply, facts);
    return {};
  });
}

Result<ServerFacts> facts_of(Link& link) {
  ServerFacts facts;
  if (auto asked = add_facts(link, facts); !asked) return std::unexpected(asked.error());
  return facts;
}

Result<Topology> topology_of(Link& link, const Address& address) {
  Result<Topology> topology;
  auto asked = link.call({"CLUSTER", "SLOTS"}, [&](const redisReply& reply) -> Result<void> {
    topology = read_cluster_slots(reply, address);
    return {};
  });
  if (!asked) return std::unexpected(asked.error());
  return topology;
}

SurveyedReplica look_at(const Node& replica, const Address& primary, Duration patience,
                        const Clock& clock) {
  std::optional<ServerFacts> facts;
  Link link(replica.address, patience, clock);
  const auto asked = link.call(words_of_failover(), [&](const redisReply& reply) -> Result<void> {
    add_config(reply, facts.emplace());
    return {};
  });
  if (!asked) facts.reset();
  return {replica.address, judge_failover(facts, replica.address.shown(), primary.shown())};
}

SurveyedPrimary look_at(const Shard& shard, Duration patience, const Clock& clock) {
  Link link(shard.primary.address, patience, clock);
  SurveyedPrimary found{shard.primary.address, facts_of(link), 0, {}};
  for (const auto& [from, to] : shard.hash_slots) {
    found.hash_slots += static_cast<std::size_t>(to - from + 1);
  }
  for (const Node& replica : shard.replicas) {
    found.replicas.push_back(look_at(replica, shard.primary.address, patience, clock));
  }
  return found;
}

}  // namespace

Result<Survey> survey(const std::vector<Address>& addresses, Duration patience,
                      const Clock& clock) {
  Fault why;
  for (const Address& address : addresses) {
    Link link(address, patience, clock);
    auto facts = facts_of(link);
    if (!facts) {
      why = std::move(facts).error();
      continue;  // another node may know
    }
    Survey found;
    found.is_cluster = (*facts)["cluster_enabled"] == "1";
    if (!found.is_cluster) {
      if (addresses.size() > 1) return std::unexpected(no_cluster(address.shown()));
      found.primaries.push_back({address, std::move(facts), kHashSlots, {}});
      return found;
    }
    const auto topology = topology_of(link, address);
    if (!topology) {
      why = topology.error();
      continue;
    }
    for (const Shard& shard : *topology) {
      found.primaries.push_back(look_at(shard, patience, clock));
    }
    return found;
  }
  return std::unexpected(std::move(why));
}

}  // namespace dibs::redis

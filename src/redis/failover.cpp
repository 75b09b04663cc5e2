#include "redis/failover.h"

namespace dibs::redis {
namespace {

constexpr const char* kNoFailover = "cluster-replica-no-failover";

}  // namespace

std::vector<std::string> words_of_failover() { return {"CONFIG", "GET", kNoFailover}; }

std::vector<Fault> judge_failover(const std::optional<ServerFacts>& facts,
                                  const std::string& replica, const std::string& primary) {
  const std::string name = kNoFailover;
  const std::string otherwise =
      name + " yes and CONFIG REWRITE there, or choose another --durability.";
  const std::string who = "The replica " + replica + " of " + primary;
  if (!facts) {
    return {{FaultKind::unavailable,
             who + " does not say whether it may take over by itself: is it " + name + " yes?",
             "Start it, or CLUSTER FORGET it; CONFIG SET " + otherwise}};
  }
  const auto set = facts->find(name);
  if (set != facts->end() && set->second == "yes") return {};
  return {
      {FaultKind::bad_input,
       who + " may take over by itself, and with less than was answered: it has " + name + " no.",
       "CONFIG SET " + otherwise}};
}

Fault no_cluster(const std::string& address) {
  return {FaultKind::bad_input,
          "--store names several nodes, but " + address + " is not of a cluster.",
          "Name one server, or nodes of one Redis Cluster."};
}

}  // namespace dibs::redis

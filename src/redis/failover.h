#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "redis/settings.h"

/// What a Redis Cluster may do by itself, and which promise cannot have it.
namespace dibs::redis {

/// The words of the CONFIG GET that judge_failover() wants to have been asked of a replica.
[[nodiscard]] std::vector<std::string> words_of_failover();

/// The reason, if any, why `strict` cannot have this replica of a cluster's `primary`: it may take
/// over by itself. `facts` nothing: it did not answer.
[[nodiscard]] std::vector<Fault> judge_failover(const std::optional<ServerFacts>& facts,
                                                const std::string& replica,
                                                const std::string& primary);

/// Several nodes were named, and the one at `address` is of no cluster.
[[nodiscard]] Fault no_cluster(const std::string& address);

}  // namespace dibs::redis

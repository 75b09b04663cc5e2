#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "redis/settings.h"
#include "redis/topology.h"

namespace dibs::redis {

/// A replica of a cluster, and what keeps it from being one that `strict` may have.
struct SurveyedReplica {
  Address address;
  std::vector<Fault> objections;
};

/// A primary as it was found.
struct SurveyedPrimary {
  Address address;
  Result<ServerFacts> facts;              ///< or why it does not say
  std::size_t hash_slots = 0;             ///< how many it serves
  std::vector<SurveyedReplica> replicas;  ///< of a cluster, as CLUSTER SLOTS names them
};

struct Survey {
  bool is_cluster = false;
  std::vector<SurveyedPrimary> primaries;  ///< of no cluster: the server, whatever its role
};

/// What the server at `addresses`, or every primary of the cluster of which they are nodes, says of
/// itself, over connections of its own; changes nothing there. Blocks for `patience` a question and
/// node at most. Fails when no node says who there is: as `unavailable` when none answers, as
/// `bad_input` when they are several servers and no cluster, and as a server refuses who asks. A
/// primary that does not answer is no failure but what was found of it.
[[nodiscard]] Result<Survey> survey(const std::vector<Address>& addresses, Duration patience,
                                    const Clock& clock);

}  // namespace dibs::redis

#pragma once

#include "base/result.h"
#include "base/time.h"
#include "redis/address.h"
#include "redis/settings.h"

namespace dibs::redis {

/// What the server at `address` says of itself, over a connection of its own; changes nothing
/// there. Blocks for `patience` a question at most. Fails as `unavailable` when it does not answer,
/// and as the server refuses who asks.
[[nodiscard]] Result<ServerFacts> survey(const Address& address, Duration patience,
                                         const Clock& clock);

}  // namespace dibs::redis

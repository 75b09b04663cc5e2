#pragma once

#include "cli/checkup.h"
#include "cli/serve_options.h"

namespace dibs::cli {

/// What `dibs doctor` says of the Redis server at `options.store`: whether it answers, and whether
/// it is set so that it can keep what `options.durability` promises. Changes nothing there; takes
/// five seconds at the most.
void look_at_redis(const ServeOptions& options, Checkup& checkup);

}  // namespace dibs::cli

#pragma once

#include "cli/checkup.h"
#include "cli/serve_options.h"

namespace dibs::cli {

/// What `dibs doctor` says of the Redis server at `options.store`, or of every primary of that
/// cluster, and which: whether it answers, and whether it and its replicas are set so that they can
/// keep what `options.durability` promises. Changes nothing there; takes five seconds a node at the
/// most.
void look_at_redis(const ServeOptions& options, Checkup& checkup);

}  // namespace dibs::cli

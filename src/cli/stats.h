#pragma once

#include <vector>

#include "api/api.h"
#include "engine/engine.h"
#include "http/server.h"

namespace dibs::cli {

/// The figures of engine and HTTP server under their names of the metrics table. Either may be
/// null while the server starts or stops.
[[nodiscard]] std::vector<api::Stat> stats(const engine::Engine* engine,
                                           const http::Server* server);

}  // namespace dibs::cli

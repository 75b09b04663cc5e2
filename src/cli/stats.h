#pragma once

#include <vector>

#include "api/api.h"
#include "engine/engine.h"
#include "http/server.h"
#include "redis/store.h"

namespace dibs::cli {

// Figures under their names of the metrics table.
void add_engine_stats(std::vector<api::Stat>& out, const engine::Engine& engine);
void add_redis_stats(std::vector<api::Stat>& out, const redis::Store::Counters& counters);
void add_trim_stats(std::vector<api::Stat>& out, const std::vector<redis::TrimState>& states);
void add_http_stats(std::vector<api::Stat>& out, const http::Server& server);

}  // namespace dibs::cli

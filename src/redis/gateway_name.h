#pragma once

#include <string>

#include "base/result.h"

namespace dibs::redis {

/// What tells this gateway's followers from those of every other gateway: 26 characters, made at
/// random the first time and kept in the file `redis.gateway` of its data directory, which exists.
[[nodiscard]] Result<std::string> gateway_name(const std::string& directory);

}  // namespace dibs::redis

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "redis/library.h"
#include "redis/redis_server.h"

namespace dibs::redis {

/// How often each situation came up: an event's kind, a command's code.
using Situations = std::map<std::string, std::uint64_t>;

/// One sale and what comes of `seed`, some hundred random commands in random batches: the same on
/// sale::Sale and on the functions of `library`, which the server behind `connection` has loaded.
/// After each batch all that can be seen of both is compared, and at the end both streams. Adds
/// to `commands` how many there were. The first difference, in words, or nothing.
[[nodiscard]] std::optional<std::string> difference(Connection& connection, const Library& library,
                                                    std::uint64_t seed, std::uint64_t& commands,
                                                    Situations* situations = nullptr);

}  // namespace dibs::redis

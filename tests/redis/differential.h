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

struct Episode {
  std::uint64_t seed = 0;
  std::size_t commands = 400;
};

/// One sale, some hundred random commands in random batches: the same on sale::Sale and on the
/// functions of `library`, which the server behind `connection` has loaded. After each batch all
/// that can be seen of both is compared, and at the end both streams. The first difference, in
/// words, or nothing.
[[nodiscard]] std::optional<std::string> difference(Connection& connection, const Library& library,
                                                    const Episode& episode,
                                                    Situations* situations = nullptr);

}  // namespace dibs::redis

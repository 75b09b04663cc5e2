#pragma once

#include <string>
#include <vector>

#include "redis/store_impl.h"

namespace dibs::redis {

/// Events of a stream, or why there are none.
struct Store::Impl::Page {
  std::vector<Result<sale::Event>> events;
  std::string refused;
};

}  // namespace dibs::redis

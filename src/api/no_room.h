#pragma once

#include <string>

#include "api/problem.h"

namespace dibs::api {

/// As many listen as may: the client is to ask for `path` now and then instead.
[[nodiscard]] inline Problem too_many_streams(const std::string& path) {
  Problem refused =
      problem(sale::Code::overloaded, "Too many event streams are open. Ask GET " + path +
                                          " every few seconds instead; try the stream again after "
                                          "Retry-After.");
  refused.headers = {{"Retry-After", "10"}};
  return refused;
}

}  // namespace dibs::api

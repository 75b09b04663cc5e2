#pragma once

#include <string_view>

namespace dibs::api {

/// api/openapi.yaml as JSON, put into the program when it is built.
[[nodiscard]] std::string_view openapi_json();

}  // namespace dibs::api

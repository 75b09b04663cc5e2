#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/response_reader.h"

namespace dibs::cli {

/// One request and its answer over a connection of its own; blocks for at most 10 s. `head` is the
/// request line and any headers, each with CRLF; Host and Content-Length are added.
[[nodiscard]] Result<http::ReceivedResponse> call(const std::string& address, std::string_view head,
                                                  std::string_view body);

}  // namespace dibs::cli

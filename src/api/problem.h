#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "sale/codes.h"

namespace dibs::api {

/// What stands in a problem beside the rules' codes: requests that reach no route.
struct RouteCode {
  std::string_view name;
  std::uint16_t status;
  std::string_view title;
  std::string_view detail;
};
inline constexpr auto kRouteCodes = std::to_array<RouteCode>({
    {"unknown_path", 404, "There is nothing at this path", "GET /openapi.json lists every path."},
    {"method_not_allowed", 405, "This path does not take this method",
     "Use one of the methods in Allow."},
});

/// A refusal on its way out: `application/problem+json` (RFC 9457).
struct Problem {
  std::uint16_t status = 400;
  std::string_view code;
  std::string_view title;
  bool retryable = false;
  std::string detail;
  Arrival arrival;      ///< 0: not numbered, not shown
  std::string members;  ///< further members as JSON, each with a comma before it
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The problem of a code; an empty `detail` takes the code's own text.
[[nodiscard]] Problem problem(sale::Code code, std::string detail = {});
[[nodiscard]] Problem malformed(std::string detail);
/// Too many requests: the next may come after `wait`.
[[nodiscard]] Problem slow_down(Duration wait);
[[nodiscard]] Problem unknown_path();
[[nodiscard]] Problem method_not_allowed(std::string allow);
/// The problem that a store's fault is: `changes` says whether the call may have taken effect.
[[nodiscard]] Problem problem_of(const Fault& fault, bool changes);
/// The problem of a request that broke the framing or a limit of the protocol.
[[nodiscard]] Problem framing_problem(std::uint16_t status, std::string_view what);

/// `/problems/sold-out` for `sold_out`.
[[nodiscard]] std::string type_of_code(std::string_view code);
[[nodiscard]] http::Response to_response(const Problem& problem);

}  // namespace dibs::api

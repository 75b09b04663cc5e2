#include "api/problem.h"

#include <algorithm>

#include "base/json_writer.h"

namespace dibs::api {
namespace {

Problem problem_of_route(const RouteCode& code) {
  return {.status = code.status,
          .code = code.name,
          .title = code.title,
          .retryable = false,
          .detail = std::string(code.detail),
          .arrival = {},
          .members = {},
          .headers = {}};
}

}  // namespace

Problem problem(sale::Code code, std::string detail) {
  const auto& row = sale::info(code);
  Problem made{.status = row.status,
               .code = row.name,
               .title = row.title,
               .retryable = row.retryable,
               .detail = detail.empty() ? std::string(row.detail) : std::move(detail),
               .arrival = {},
               .members = {},
               .headers = {}};
  if (row.status == 503 || row.status == 429) made.headers.emplace_back("Retry-After", "1");
  if (row.status == 401) made.headers.emplace_back("WWW-Authenticate", "Bearer");
  return made;
}

Problem malformed(std::string detail) { return problem(sale::Code::malformed, std::move(detail)); }

Problem slow_down(Duration wait) {
  Problem refused = problem(sale::Code::slow_down);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  refused.headers = {{"Retry-After", std::to_string(seconds)}};
  return refused;
}

Problem unknown_path() { return problem_of_route(kRouteCodes[0]); }

Problem method_not_allowed(std::string allow) {
  Problem made = problem_of_route(kRouteCodes[1]);
  made.headers.emplace_back("Allow", std::move(allow));
  return made;
}

Problem problem_of(const Fault& fault, bool changes) {
  switch (fault.kind) {
    case FaultKind::unknown:
      return problem(changes ? sale::Code::unknown_outcome : sale::Code::unavailable);
    case FaultKind::bad_input:
      return malformed(fault.what);
    case FaultKind::corrupt:
      return problem(sale::Code::fenced, fault.what);
    case FaultKind::not_found:
    case FaultKind::unavailable:
      break;
  }
  return problem(sale::Code::overloaded);
}

Problem framing_problem(std::uint16_t status, std::string_view what) {
  const bool size = status == 413 || status == 431;
  const auto code = status == 503 ? sale::Code::overloaded
                    : size        ? sale::Code::too_large
                                  : sale::Code::malformed;
  Problem made = problem(code, std::string(what));
  made.status = status;
  return made;
}

std::string type_of_code(std::string_view code) {
  std::string type = "/problems/";
  type += code;
  std::ranges::replace(type, '_', '-');
  return type;
}

http::Response to_response(const Problem& problem) {
  http::Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.headers = problem.headers;
  response.body.reserve(256);
  JsonWriter json(response.body);
  json.begin_object().member("type", type_of_code(problem.code)).member("title", problem.title);
  json.member("status", problem.status).member("code", problem.code);
  json.member("detail", problem.detail).member("retryable", problem.retryable);
  if (problem.arrival != Arrival{}) json.member("arrival", problem.arrival.value());
  response.body += problem.members;
  json.end_object();
  return response;
}

}  // namespace dibs::api

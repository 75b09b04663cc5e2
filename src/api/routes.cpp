#include "api/routes.h"

#include <array>

namespace dibs::api {
namespace {

using http::Method;

const std::vector<Route>& table() {
  constexpr Roles kReaders = kBuyer | kShop | kSupport | kOperator;
  constexpr Roles kBuyers = kBuyer | kShop;
  static const std::vector<Route> rows = {
      // The buy comes first: it is the one that ten thousand send at once.
      {Method::post, "/v1/sales/{sale}/orders", kBuyers, orders::buy},
      {Method::get, "/v1/orders/{order}", kReaders, orders::get, {"wait"}},
      {Method::get, "/v1/orders/{order}/events", kReaders, streams::order_events},
      {Method::post, "/v1/orders/{order}/payment", kBuyers, orders::pay},
      {Method::del, "/v1/orders/{order}", kBuyers, orders::cancel},
      {Method::post, "/v1/orders/{order}/begin", kShop, orders::begin},
      {Method::post, "/v1/orders/{order}/confirm", kShop, orders::confirm},
      {Method::post, "/v1/orders/{order}/release", kShop, orders::release},
      {Method::post, "/v1/orders/{order}/refund", kShop | kOperator, orders::refund},
      {Method::get, "/v1/orders/{order}/history", kShop | kSupport | kOperator, lists::history},

      {Method::post, "/v1/payments/webhook", kEverybody, payments::webhook, {}, true},

      {Method::get, "/v1/sales/{sale}", kEverybody, sales::get},
      {Method::get, "/v1/sales/{sale}/events", kEverybody, streams::sale_events},
      {Method::get,
       "/v1/sales/{sale}/orders",
       kReaders,
       lists::orders,
       {"state", "buyer", "reference", "after", "limit"}},
      {Method::get,
       "/v1/sales/{sale}/arrivals",
       kSupport | kOperator,
       lists::arrivals,
       {"buyer", "after", "limit"}},
      {Method::get, "/v1/sales/{sale}/live", kOperator, streams::sale_live},
      {Method::get, "/v1/sales", kOperator, sales::list},
      {Method::put, "/v1/sales/{sale}", kOperator, sales::put},
      {Method::del, "/v1/sales/{sale}", kOperator, sales::remove},
      {Method::post, "/v1/sales/{sale}/stock", kOperator, sales::stock},
      {Method::post, "/v1/sales/{sale}/pause", kOperator, sales::pause},
      {Method::post, "/v1/sales/{sale}/resume", kOperator, sales::resume},
      {Method::post, "/v1/sales/{sale}/close", kOperator, sales::close},

      {Method::post, "/v1/session", kEverybody, session::begin, {}, true},
      {Method::del, "/v1/session", kEverybody, session::end},
      {Method::get, "/s/{sale}", kEverybody, pages::sale},
      {Method::get, "/assets/{build}/{folder}/{file}", kEverybody, pages::asset},
      {Method::get, "/", kEverybody, pages::home},
      {Method::get, "/console", kEverybody, pages::console},

      {Method::post, "/console/session", kEverybody, console::log_in},
      {Method::get, "/console/session", kSupport | kOperator, console::look},
      {Method::del, "/console/session", kSupport | kOperator, console::log_out},

      {Method::get, "/v1/time", kEverybody, service::time},
      {Method::get, "/healthz", kEverybody, service::healthz},
      {Method::get, "/readyz", kEverybody, service::readyz},
      {Method::get, "/metrics", kEverybody, service::metrics},
      {Method::get, "/openapi.json", kEverybody, service::openapi},
  };
  return rows;
}

/// The next segment of a path, taken off its front with the slash before it.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

/// Whether `path` is of `pattern`; `variable` is then what stands at the braces.
bool matches(std::string_view pattern, std::string_view path, std::string_view& variable) {
  variable = {};
  while (!pattern.empty()) {
    if (path.empty() || path.front() != '/') return false;
    const auto wanted = take_segment(pattern);
    const auto given = take_segment(path);
    if (wanted.starts_with('{')) {
      if (given.empty()) return false;
      variable = given;
    } else if (wanted != given) {
      return false;
    }
  }
  return path.empty();
}

}  // namespace

std::span<const Route> routes() { return table(); }

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return "";
}

std::string methods_of(std::string_view path) {
  std::string allow;
  std::string_view variable;
  for (const auto& route : table()) {
    if (!matches(route.pattern, path, variable)) continue;
    if (!allow.empty()) allow += ", ";
    allow += to_text(route.method);
    if (route.method == Method::get) allow += ", HEAD";
  }
  return allow;
}

std::expected<Match, Problem> find_route(Method method, std::string_view path) {
  const Method wanted = method == Method::head ? Method::get : method;
  Match match{nullptr, {}};
  for (const auto& route : table()) {
    if (route.method != wanted || !matches(route.pattern, path, match.segment)) continue;
    match.route = &route;
    return match;
  }
  std::string allow = methods_of(path);
  if (allow.empty()) return std::unexpected(unknown_path());
  return std::unexpected(method_not_allowed(std::move(allow)));
}

}  // namespace dibs::api

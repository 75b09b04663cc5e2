#include "api/dispatch.h"

#include <algorithm>

#include "api/console_sessions.h"
#include "api/core.h"
#include "api/routes.h"
#include "api/strangers.h"

namespace dibs::api {
namespace {

constexpr std::string_view kVersioned = "/v1/";
constexpr std::string_view kConsole = "/console";

enum class Origin : std::uint8_t { none, own, allowed, foreign };

/// Whether a browser's page of another origin asks, and whether it may.
Origin origin_of(const Core& core, const http::Request& request) {
  const auto origin = request.header("Origin");
  if (!origin) return Origin::none;
  if (std::ranges::find(core.options.cors_origins, *origin) != core.options.cors_origins.end()) {
    return Origin::allowed;
  }
  // Behind a proxy that ends TLS the scheme differs; host and port are what counts.
  const auto host = request.header("Host");
  const auto behind_scheme = origin->find("://");
  if (host && behind_scheme != std::string_view::npos &&
      origin->substr(behind_scheme + 3) == *host) {
    return Origin::own;
  }
  return Origin::foreign;
}

/// The answer to a preflight: what pages of configured origins may send.
http::Response preflight(const http::Request& request, std::string methods) {
  http::Response response;
  response.status = 204;
  response.headers = {
      {"Access-Control-Allow-Origin", std::string(*request.header("Origin"))},
      {"Access-Control-Allow-Methods", std::move(methods)},
      {"Access-Control-Allow-Headers",
       "Authorization, Content-Type, Dibs-Buyer, Idempotency-Key, If-None-Match, Last-Event-ID"},
      {"Access-Control-Max-Age", "600"},
      {"Vary", "Origin"}};
  return response;
}

std::optional<Problem> limited(Core& core, const Identity& who) {
  if (who.buyer.empty()) return std::nullopt;
  const auto wait = core.limiter.refuse(who.buyer.view(), core.clock.monotonic());
  return wait ? std::optional(slow_down(*wait)) : std::nullopt;
}

/// Whoever is not known by a credential is counted by the network that asks.
std::optional<Problem> limited_as_stranger(Core& core, const http::Request& request,
                                           const std::expected<Identity, Problem>& who) {
  if (core.options.rate_per_network == 0 || (who && who->role != kAnyone)) return std::nullopt;
  return refused_stranger(core, network_of(core, request));
}

/// `answer`, where there is nothing; whoever tries many such paths is a stranger, too.
Problem nothing_there(Core& core, const http::Request& request, Problem answer) {
  if (core.options.rate_per_network == 0) return answer;
  const auto who = core.authenticator.identify(request, core.clock.now());
  auto slow = limited_as_stranger(core, request, who);
  return slow ? std::move(*slow) : std::move(answer);
}

bool serves_when_stopped(const Route& route) { return !route.pattern.starts_with(kVersioned); }

bool is_console(const Route& route) { return route.pattern.starts_with(kConsole); }

/// Whose console asks, on routes that serve them. Credentials that are named in a header come
/// first: a cookie is sent with everything.
void recognise_console(const Core& core, const Match& match, const http::Request& request,
                       Identity& who) {
  const bool named = who.role != kAnyone && !who.by_cookie;
  if (named || (match.route->roles & (kSupport | kOperator)) == 0) return;
  if (!core.authenticator.serves_operators(request)) return;
  const auto id = console_session_id(request);
  const auto session = id ? core.console_sessions.find(*id, core.clock) : std::nullopt;
  if (!session) return;
  who = session->who;
  who.by_cookie = true;
}

/// Query and path of the request, into `call`.
std::optional<Problem> read_target(const Match& match, Call& call) {
  if (call.request.path.starts_with(kVersioned)) {
    auto query = Query::parse(call.request.query);
    if (!query) return malformed(std::move(query.error()));
    call.query = std::move(*query);
    if (const auto unknown = call.query.first_unknown(match.route->parameters)) {
      return malformed("the query parameter " + std::string(*unknown) + " is not known here");
    }
  }
  const auto has = [&match](std::string_view variable) {
    return match.route->pattern.find(variable) != std::string_view::npos;
  };
  const auto id = percent_decoded(match.segment);
  if (has("{order}")) {
    auto order = id ? parse_order_id(*id) : std::nullopt;
    if (!order) return malformed("the order in the path is not an order id");
    call.sale = order->sale;
    call.order = std::move(*order);
    return std::nullopt;
  }
  if (!has("{sale}")) return std::nullopt;
  if (!id || !is_sale_or_sku_id(*id)) {
    return malformed("the sale in the path must be 1 to 64 of a-z A-Z 0-9 . _ -");
  }
  call.sale = SaleId(*id);
  return std::nullopt;
}

bool changes_something(http::Method method) {
  return method != http::Method::get && method != http::Method::head;
}

std::optional<Problem> forbidden(const Route& route, const Call& call, Origin origin) {
  if ((route.roles & call.who.role) == 0) return problem(sale::Code::forbidden);
  // What anyone may see, a token for another sale does not hide.
  const bool is_public = (route.roles & kAnyone) != 0;
  if (!is_public && call.who.only_sale && !call.sale.empty() && *call.who.only_sale != call.sale) {
    return problem(sale::Code::forbidden, "This token is good for another sale only.");
  }
  if (call.who.by_cookie && changes_something(call.request.method) && origin != Origin::own) {
    return problem(sale::Code::forbidden,
                   "A call by cookie that changes something must name this server in Origin: only "
                   "its own pages may send it.");
  }
  if (origin == Origin::foreign || (origin == Origin::allowed && is_console(route))) {
    return problem(sale::Code::forbidden,
                   "Pages of this origin are not served; an operator adds it with --cors-origin.");
  }
  return std::nullopt;
}

/// Everything up to the job, in the order of precedence.
std::expected<Job, Problem> prepared(Core& core, const http::Request& request, Origin origin) {
  const auto match = find_route(request.method, request.path);
  if (!match) return std::unexpected(nothing_there(core, request, match.error()));
  if (is_console(*match->route) && !core.authenticator.serves_operators(request)) {
    return std::unexpected(nothing_there(core, request, unknown_path()));
  }
  auto who = core.authenticator.identify(request, core.clock.now());
  if (who) recognise_console(core, *match, request, *who);
  if (!who || !match->route->credential_in_body) {
    if (auto slow = limited_as_stranger(core, request, who))
      return std::unexpected(std::move(*slow));
  }
  if (!who) return std::unexpected(std::move(who.error()));
  if (who->role == kAnyone && (match->route->roles & kAnyone) == 0) {
    return std::unexpected(problem(
        sale::Code::unauthenticated,
        core.options.insecure_demo
            ? "Say who asks: a buyer of the demo by the header Dibs-Buyer: NAME, an operator by "
              "Authorization: Bearer TOKEN."
            : "Say who asks: send Authorization: Bearer TOKEN, or log in for a session cookie."));
  }
  if (auto refused = limited(core, *who)) return std::unexpected(std::move(*refused));
  if (core.stopped && !serves_when_stopped(*match->route)) {
    return std::unexpected(problem(sale::Code::unavailable));
  }
  Call call{.request = request, .who = std::move(*who), .query = {}, .sale = {}, .order = {}};
  if (auto refused = read_target(*match, call)) return std::unexpected(std::move(*refused));
  auto job = match->route->prepare(core, call);
  if (!job) return job;
  if (auto refused = forbidden(*match->route, call, origin)) {
    return std::unexpected(std::move(*refused));
  }
  return job;
}

}  // namespace

void dispatch(Core& core, const http::Request& request, http::Responder responder) {
  const Origin origin = origin_of(core, request);
  std::string allowed_origin;
  if (origin == Origin::allowed) allowed_origin = std::string(*request.header("Origin"));
  Answer answer(std::move(responder), core.metrics, core.clock, request.stamp.received,
                std::move(allowed_origin));

  if (request.method == http::Method::options && origin == Origin::allowed) {
    std::string methods = methods_of(request.path);
    if (methods.empty()) return answer.refuse(unknown_path());
    return answer.send(preflight(request, std::move(methods)));
  }
  auto job = prepared(core, request, origin);
  if (!job) return answer.refuse(job.error());
  (*job)(std::move(answer));
}

}  // namespace dibs::api

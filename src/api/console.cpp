// The session of the operator console: a token traded for a cookie.
#include "api/body.h"
#include "api/console_sessions.h"
#include "api/cookie.h"
#include "api/core.h"
#include "api/routes.h"
#include "api/strangers.h"
#include "api/views.h"

namespace dibs::api::console {
namespace {

std::string session_json(const Identity& who, std::optional<Instant> ends_at) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("role", who.role == kOperator ? "operator" : "support");
  json.key("name");
  if (who.name.empty()) {
    json.null();
  } else {
    json.text(who.name);
  }
  write_instant(json, "ends_at", ends_at);
  json.end_object();
  return body;
}

/// `value` in the cookie for `lifetime`; over TLS unless the browser says that it came without.
std::string console_cookie(std::string_view value, Duration lifetime, bool secure) {
  return set_cookie(secure ? kConsoleCookie : kConsoleCookieOnLoopback, value, lifetime,
                    {.strict = true, .secure = secure});
}

/// Whether a page that came without TLS asks.
bool over_plain_http(const http::Request& request) {
  return request.header("Origin").value_or("").starts_with("http://");
}

}  // namespace

Prepared log_in(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  members.require("token");
  const auto token = members.text("token");
  members.finish();
  if (body.complaint.any()) return std::unexpected(body.problem());
  const bool plain = over_plain_http(call.request);
  if (plain && !sent_to_loopback(call.request)) {
    return std::unexpected(problem(sale::Code::forbidden,
                                   "Over plain http the console logs in on this machine only: put "
                                   "TLS in front of it, or reach it through a tunnel to "
                                   "localhost."));
  }
  return [&core, plain, token = std::string(*token),
          network = network_of(core, call.request)](Answer answer) {
    if (const auto wait = core.log_ins.refuse(as_text(network), core.clock.monotonic())) {
      return answer.refuse(slow_down(*wait));
    }
    const auto who = core.authenticator.staff_of(token);
    if (!who) {
      return answer.refuse(problem(sale::Code::unauthenticated,
                                   "This is no operator's or support's token of this server."));
    }
    const auto session = core.console_sessions.open(*who, core.clock);
    Answer::Headers headers = {
        {"Cache-Control", "no-store"},
        {"Set-Cookie", console_cookie(session.id, ConsoleSessions::kLife, !plain)}};
    answer.json(200, session_json(*who, session.ends_at), std::move(headers));
  };
}

Prepared look(Core& core, const Call& call) {
  const auto id = call.who.by_cookie ? console_session_id(call.request) : std::nullopt;
  const auto session = id ? core.console_sessions.find(*id, core.clock) : std::nullopt;
  std::optional<Instant> ends_at;
  if (session) ends_at = session->ends_at;
  return [body = session_json(call.who, ends_at)](Answer answer) {
    answer.json(200, body, {{"Cache-Control", "no-store"}});
  };
}

Prepared log_out(Core& core, const Call& call) {
  const auto id = console_session_id(call.request);
  return [&core, id = std::string(id.value_or("")),
          plain = over_plain_http(call.request)](Answer answer) {
    if (!id.empty()) core.console_sessions.end(id);
    http::Response response;
    response.status = 204;
    response.headers = {{"Cache-Control", "no-store"},
                        {"Set-Cookie", console_cookie("", Duration(0), !plain)}};
    answer.send(std::move(response));
  };
}

}  // namespace dibs::api::console

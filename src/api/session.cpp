// The session of a buyer's page: a token traded for a cookie.
#include "api/body.h"
#include "api/cookie.h"
#include "api/core.h"
#include "api/routes.h"
#include "api/strangers.h"
#include "base/json_writer.h"

namespace dibs::api::session {
namespace {

http::Response with_cookie(std::uint16_t status, std::string body, std::string cookie) {
  http::Response response;
  response.status = status;
  response.headers = {{"Cache-Control", "no-store"}, {"Set-Cookie", std::move(cookie)}};
  response.body = std::move(body);
  return response;
}

std::string session_json(const JwtClaims& claims) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("buyer", claims.buyer.view());
  if (claims.sale) json.member("sale", claims.sale->view());
  json.member("expires_at", to_rfc3339(claims.expires_at)).end_object();
  return body;
}

}  // namespace

Prepared begin(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  const auto* given = members.require("token");
  const auto token = members.text("token");
  members.finish();
  if (given == nullptr || !token || body.complaint.any()) return std::unexpected(body.problem());
  return [&core, token = std::string(*token),
          network = network_of(core, call.request)](Answer answer) {
    const Instant now = core.clock.now();
    const auto claims = core.authenticator.claims_of(token, now);
    if (!claims) {
      return answer.refuse(refused_credential(
          core, network,
          problem(sale::Code::unauthenticated,
                  "This token is not valid (any more): the shop gives a new one.")));
    }
    std::string cookie = set_cookie(kSessionCookie, token, claims->expires_at - now);
    if (cookie.size() > kCookieBytesMax) {
      return answer.refuse(
          malformed("the token is too long for a cookie: the shop signs one of at most 3,900 "
                    "characters"));
    }
    answer.send(with_cookie(200, session_json(*claims), std::move(cookie)));
  };
}

Prepared end(Core& /*core*/, const Call& /*call*/) {
  return [](Answer answer) {
    answer.send(with_cookie(204, {}, set_cookie(kSessionCookie, "", Duration(0))));
  };
}

}  // namespace dibs::api::session

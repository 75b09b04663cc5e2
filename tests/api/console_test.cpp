// The operator console's session: a token traded for a cookie, and what the cookie may do.
#include <gtest/gtest.h>

#include <algorithm>

#include "api/console_sessions.h"
#include "api/harness.h"
#include "api/routes.h"

namespace dibs::api::test {
namespace {

const std::string kOwnOrigin = "https://dibs.test";

std::string body_with(const std::string& token) { return R"({"token":")" + token + "\"}"; }

Reply log_in(Client& client, const std::string& token, const Headers& headers = {}) {
  return client.call("POST", "/console/session", headers, body_with(token));
}

/// `NAME=VALUE` of the cookie that an answer sets.
std::string cookie_of(const Reply& reply) {
  const auto set = reply.header("Set-Cookie");
  return set.substr(0, set.find(';'));
}

class ConsoleTest : public ::testing::Test {
 protected:
  Harness server_;

  /// The headers of a console that has logged in with `token`, without Origin.
  Headers console(const std::string& token = kOperatorToken) {
    const auto reply = log_in(server_.client(), token);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return {{"Cookie", cookie_of(reply)}};
  }
  static Headers by_own_page(Headers headers) {
    return with(std::move(headers), "Origin", kOwnOrigin);
  }
  /// One call of a route on a fresh sale and order, on a connection of its own.
  Reply call(const Route& route, const Headers& headers) {
    const auto sale = server_.sale();
    const auto order = server_.buy(sale, "owner")["id"];
    std::string path(route.pattern);
    for (const auto& [variable, value] :
         Headers{{"{sale}", sale}, {"{order}", order}, {"{build}", "b"}, {"{folder}", "f"}}) {
      const auto at = path.find(variable);
      if (at != std::string::npos) path.replace(at, variable.size(), value);
    }
    Client client(server_.address());
    const bool has_body = route.method == http::Method::post || route.method == http::Method::put;
    return client.call(to_text(route.method), path, with(headers, "Idempotency-Key", "k"),
                       !has_body                           ? ""
                       : route.pattern.ends_with("/stock") ? R"({"sku":"floor","delta":1})"
                       : route.method == http::Method::put ? R"({"title":"Other"})"
                                                           : "{}");
  }
};

bool changes_something(const Route& route) { return route.method != http::Method::get; }
/// Those that trade or end the session itself are looked at one by one.
bool is_session(const Route& route) { return route.pattern.ends_with("/session"); }

TEST_F(ConsoleTest, ATokenIsTradedForACookieThatScriptsAndOtherSitesCannotUse) {
  const auto reply = log_in(server_.client(), kOperatorToken, {{"Origin", kOwnOrigin}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply["name"], "anna");
  EXPECT_EQ(reply["role"], "operator");
  EXPECT_EQ(reply.header("Cache-Control"), "no-store");
  const auto cookie = reply.header("Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-dibs-console=")) << cookie;
  EXPECT_EQ(cookie_of(reply).size(), std::string("__Host-dibs-console=").size() + 22)
      << "128 bits in base64url";
  for (const auto* part :
       {"; HttpOnly", "; Secure", "; SameSite=Strict", "; Path=/", "; Max-Age="}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << part << " is missing in " << cookie;
  }
  EXPECT_EQ(cookie.find(kOperatorToken), std::string::npos);
  EXPECT_NE(cookie_of(log_in(server_.client(), kOperatorToken)), cookie_of(reply));

  const auto look = server_.call("GET", "/console/session", {{"Cookie", cookie_of(reply)}});
  EXPECT_EQ(look.body, reply.body);
  expect_problem(server_.call("GET", "/console/session"), 401, "unauthenticated");
  EXPECT_EQ(server_.call("GET", "/console/session", as_operator())["ends_at"], "null");
}

TEST_F(ConsoleTest, AWrongTokenOpensNothing) {
  for (const auto& token : {std::string("wrong"), kShopKey, kOperatorToken + "x",
                            std::string("operator-token-of-ann")}) {
    Harness other;
    const auto reply = log_in(other.client(), token);
    expect_problem(reply, 401, "unauthenticated");
    EXPECT_EQ(reply.header("Set-Cookie"), "");
  }
  expect_problem(log_in(server_.client(), ""), 401, "unauthenticated");
  for (const auto* body : {"", "{}", R"({"token":1})", R"({"token":"a","name":"b"})"}) {
    expect_problem(server_.call("POST", "/console/session", {}, body), 400, "malformed");
  }
}

TEST_F(ConsoleTest, WhoTriesManyTokensIsSlowedDownWithTheRightOneToo) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(log_in(server_.client(), "wrong").status, 401) << i;
  }
  const auto slowed = log_in(server_.client(), kOperatorToken);
  expect_problem(slowed, 429, "slow_down");
  EXPECT_EQ(slowed.header("Set-Cookie"), "");
  EXPECT_EQ(server_.call("GET", "/v1/sales", as_operator()).status, 200) << "the API goes on";
}

TEST_F(ConsoleTest, TheCookieIsItsHolderOnEveryRoute) {
  for (const auto& [token, role] :
       {std::pair(kOperatorToken, kOperator), {kSupportToken, kSupport}}) {
    const auto headers = by_own_page(console(token));
    for (const auto& route : routes()) {
      if (is_session(route)) continue;
      const auto reply = call(route, headers);
      const auto cell = std::string(to_text(route.method)) + " " + std::string(route.pattern);
      if ((route.roles & (role | kAnyone)) != 0) {
        EXPECT_NE(reply.status, 401) << cell << reply.body;
        EXPECT_NE(reply["code"], "forbidden") << cell << reply.body;
      } else if ((route.roles & (kOperator | kSupport)) != 0) {
        expect_problem(reply, 403, "forbidden");
      } else {
        EXPECT_EQ(reply.status, 401) << cell << ": the cookie says nothing to buyers' routes";
      }
    }
  }
}

TEST_F(ConsoleTest, OnlyOurOwnPagesMayChangeAnythingByCookie) {
  auto options = usual();
  options.api.cors_origins = {"https://shop.example"};
  Harness server(options);
  const Headers cookie = {{"Cookie", cookie_of(log_in(server.client(), kOperatorToken))}};
  int routes_tried = 0;
  for (const auto& route : routes()) {
    if (!changes_something(route) || (route.roles & kOperator) == 0) continue;
    if (route.pattern == "/console/session" && route.method == http::Method::post) continue;
    if (route.pattern == "/v1/session") continue;  // the buyers', which anyone may ask
    ++routes_tried;
    const auto sale = server.sale();
    const auto order = server.buy(sale, "owner")["id"];
    const auto before = server.call("GET", "/v1/sales/" + sale + "/orders", as_operator()).body;
    std::string path(route.pattern);
    if (const auto at = path.find("{sale}"); at != std::string::npos) path.replace(at, 6, sale);
    if (const auto at = path.find("{order}"); at != std::string::npos) path.replace(at, 7, order);
    const std::string body = route.method == http::Method::del   ? ""
                             : route.method == http::Method::put ? R"({"title":"Other"})"
                             : path.ends_with("/stock")          ? R"({"sku":"floor","delta":1})"
                                                                 : "{}";
    for (const auto* origin : {"", "https://evil.example", "https://shop.example", "null",
                               "https://dibs.test.evil.example", "https://dibs.test:81"}) {
      auto headers = with(cookie, "Idempotency-Key", "k");
      if (*origin != '\0') headers.emplace_back("Origin", origin);
      const auto reply = server.call(to_text(route.method), path, headers, body);
      EXPECT_EQ(reply.status, 403) << path << " from " << origin << ": " << reply.body;
    }
    const auto sale_now = server.call("GET", "/v1/sales/" + sale, as_operator());
    EXPECT_EQ(sale_now["state"], "open") << path;
    EXPECT_EQ(sale_now["title"], "Concert") << path;
    EXPECT_EQ(server.call("GET", "/v1/sales/" + sale + "/orders", as_operator()).body, before);
  }
  EXPECT_GE(routes_tried, 8);
  EXPECT_EQ(server.call("GET", "/console/session", cookie).status, 200) << "and is logged in still";
  expect_problem(log_in(server.client(), kOperatorToken, {{"Origin", "https://evil.example"}}), 403,
                 "forbidden");
  expect_problem(log_in(server.client(), kOperatorToken, {{"Origin", "https://shop.example"}}), 403,
                 "forbidden");
}

TEST_F(ConsoleTest, TheOperatorsNameGoesIntoWhatTheConsoleDoes) {
  const auto headers = by_own_page(console());
  const auto sale = server_.sale();
  EXPECT_EQ(server_.call("POST", "/v1/sales/" + sale + "/pause", headers)["state"], "paused");
  EXPECT_EQ(server_.call("GET", "/v1/sales/" + sale)["state"], "paused");
}

TEST_F(ConsoleTest, LoggingOutEndsThatSessionAndNoOther) {
  const auto mine = console();
  const auto other = console();
  const auto gone = server_.call("DELETE", "/console/session", by_own_page(mine));
  EXPECT_EQ(gone.status, 204);
  EXPECT_NE(gone.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  expect_problem(server_.call("GET", "/v1/sales", mine), 401, "unauthenticated");
  EXPECT_EQ(server_.call("GET", "/v1/sales", other).status, 200);
}

TEST_F(ConsoleTest, WhatAHeaderNamesComesBeforeTheCookie) {
  const auto cookie = console();
  const auto sale = server_.sale();
  server_.buy(sale, "owner");
  const auto as = [&](const Headers& headers) {
    auto all = headers;
    all.insert(all.end(), cookie.begin(), cookie.end());
    return server_.call("GET", "/v1/sales", all);
  };
  expect_problem(as(as_support()), 403, "forbidden");
  expect_problem(as({{"Authorization", "Bearer wrong"}}), 401, "unauthenticated");
  EXPECT_EQ(as({}).status, 200);
  expect_problem(server_.call("GET", "/v1/sales", {{"Cookie", "__Host-dibs-console=made-up"}}), 401,
                 "unauthenticated");
}

TEST_F(ConsoleTest, WithoutTlsOnlyPagesOfThisMachineLogIn) {
  const auto on = [this](const std::string& host, const std::string& scheme) {
    Harness server;
    return log_in(server.client(), kOperatorToken,
                  {{"Host", host}, {"Origin", scheme + "://" + host}});
  };
  for (const auto* host : {"127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080"}) {
    const auto cookie = on(host, "http").header("Set-Cookie");
    EXPECT_TRUE(cookie.starts_with("dibs-console=")) << host << " " << cookie;
    EXPECT_EQ(cookie.find("Secure"), std::string::npos) << cookie;
    EXPECT_NE(on(host, "https").header("Set-Cookie").find("Secure"), std::string::npos);
  }
  for (const auto* host :
       {"dibs.test", "127.evil.example", "10.0.0.1:8080", "localhost.evil.example"}) {
    const auto refused = on(host, "http");
    expect_problem(refused, 403, "forbidden");
    EXPECT_EQ(refused.header("Set-Cookie"), "");
  }
  // The name that browsers do not protect counts on this machine only.
  const auto session = log_in(server_.client(), kOperatorToken,
                              {{"Host", "localhost"}, {"Origin", "http://localhost"}});
  const Headers cookie = {{"Cookie", cookie_of(session)}};
  EXPECT_EQ(server_.call("GET", "/v1/sales", with(cookie, "Host", "localhost")).status, 200);
  expect_problem(server_.call("GET", "/v1/sales", cookie), 401, "unauthenticated");
}

TEST_F(ConsoleTest, IsServedOnTheOperatorsListenerOnly) {
  auto options = usual();
  options.api.operator_listener = 1;
  options.listeners = 2;
  Harness server(options);
  Client in_public(server.address(0));
  Client inside(server.address(1));
  expect_problem(log_in(in_public, kOperatorToken), 404, "unknown_path");
  expect_problem(in_public.call("GET", "/console/session", as_operator()), 404, "unknown_path");
  expect_problem(in_public.call("DELETE", "/console/session", as_operator()), 404, "unknown_path");
  expect_problem(in_public.call("GET", "/console"), 404, "unknown_path");
  EXPECT_EQ(inside.call("GET", "/console").status, 200);
  const auto session = log_in(inside, kOperatorToken);
  EXPECT_EQ(session.status, 200);
  const Headers cookie = {{"Cookie", cookie_of(session)}};
  EXPECT_EQ(inside.call("GET", "/v1/sales", cookie).status, 200);
  expect_problem(in_public.call("GET", "/v1/sales", cookie), 401, "unauthenticated");
}

/// A clock that the test moves.
class HandClock final : public Clock {
 public:
  Duration at{0};
  [[nodiscard]] Instant now() const override { return Instant(at); }
  [[nodiscard]] Duration monotonic() const override { return at; }
};

Identity anna() {
  return {.role = kOperator, .name = "anna", .buyer = {}, .only_sale = {}, .by_cookie = false};
}

TEST(ConsoleSessionsTest, ASessionEndsAfterTwelveHours) {
  HandClock clock;
  ConsoleSessions sessions;
  const auto session = sessions.open(anna(), clock);
  EXPECT_EQ(session.ends_at, Instant(std::chrono::hours(12)));
  clock.at = std::chrono::hours(12) - Duration(1);
  ASSERT_TRUE(sessions.find(session.id, clock));
  EXPECT_EQ(sessions.find(session.id, clock)->who.name, "anna");
  clock.at += Duration(1);
  EXPECT_FALSE(sessions.find(session.id, clock));
}

TEST(ConsoleSessionsTest, TheOldestMakesRoomWhenThereAreTooMany) {
  HandClock clock;
  ConsoleSessions sessions;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i <= ConsoleSessions::kMax; ++i) {
    clock.at += std::chrono::seconds(1);
    ids.push_back(sessions.open(anna(), clock).id);
  }
  EXPECT_FALSE(sessions.find(ids[0], clock));
  for (std::size_t i = 1; i < ids.size(); ++i) EXPECT_TRUE(sessions.find(ids[i], clock)) << i;
}

}  // namespace
}  // namespace dibs::api::test

// Who may call what: every route by every caller, from the route table itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "api/harness.h"
#include "api/routes.h"

namespace dibs::api::test {
namespace {

constexpr const char* kOne = R"({"items":[{"sku":"floor","quantity":1}]})";

struct Caller {
  const char* name;
  Role role;
  Headers headers;
};

std::vector<Caller> callers() {
  return {{"anyone", kAnyone, {}},
          {"buyer", kBuyer, as_buyer("owner")},
          {"shop", kShop, as_shop("owner")},
          {"support", kSupport, as_support()},
          {"operator", kOperator, as_operator()}};
}

std::string path_of(const Route& route, const std::string& sale, const std::string& order) {
  std::string path(route.pattern);
  const auto put = [&path](std::string_view variable, const std::string& value) {
    const auto at = path.find(variable);
    if (at != std::string::npos) path.replace(at, variable.size(), value);
  };
  put("{sale}", sale);
  put("{order}", order);
  return path;
}

/// A body that the route takes.
std::string body_of(const Route& route) {
  if (route.method == http::Method::get || route.method == http::Method::del) return {};
  if (route.method == http::Method::put) return R"({"title":"Other"})";
  if (route.pattern.ends_with("/orders")) return kOne;
  if (route.pattern.ends_with("/stock")) return R"({"sku":"floor","delta":1})";
  if (route.pattern == "/console/session") return R"({"token":")" + kOperatorToken + R"("})";
  if (route.pattern.ends_with("/session")) {
    return R"({"token":")" + hs256_token(claims_of("owner")) + R"("})";
  }
  if (route.pattern.ends_with("/payment")) return R"({"token":"tok_ok"})";
  return "{}";
}

Headers headers_of(const Route& route, Headers headers) {
  if (!route.pattern.ends_with("/stock")) return headers;
  return with(std::move(headers), "Idempotency-Key", "k");
}

/// One call on a connection of its own: it may become a stream.
Reply call(const Harness& server, const Route& route, const std::string& path,
           const Headers& headers) {
  Client client(server.address());
  return client.call(to_text(route.method), path, headers_of(route, headers), body_of(route));
}

TEST(Access, EveryRouteServesTheRolesOfItsRowAndNobodyElse) {
  Harness server;
  for (const auto& route : routes()) {
    for (const auto& caller : callers()) {
      // Fresh for every cell: some of the calls end the sale or the order.
      const auto sale = server.sale();
      const auto order = server.buy(sale, "owner")["id"];
      const auto reply = call(server, route, path_of(route, sale, order), caller.headers);
      const auto cell = std::string(to_text(route.method)) + " " + std::string(route.pattern) +
                        " by " + caller.name;
      if ((route.roles & caller.role) != 0) {
        EXPECT_NE(reply.status, 401) << cell;
        EXPECT_NE(reply["code"], "forbidden") << cell << reply.body;
      } else if (caller.role == kAnyone) {
        EXPECT_EQ(reply.status, 401) << cell;
        EXPECT_EQ(reply.header("WWW-Authenticate"), "Bearer") << cell;
      } else {
        expect_problem(reply, 403, "forbidden");
      }
    }
  }
}

TEST(Access, NobodyButItsOwnerReachesAnOrder) {
  Harness server;
  const auto sale = server.sale();
  const auto order = server.buy(sale, "owner")["id"];
  const auto before = server.call("GET", "/v1/orders/" + order, as_buyer("owner")).body;
  for (const auto& route : routes()) {
    if (route.pattern.find("{order}") == std::string_view::npos) continue;
    const auto path = path_of(route, sale, order);
    if ((route.roles & kBuyer) != 0) {
      expect_problem(call(server, route, path, as_buyer("thief")), 404, "unknown_order");
    }
    if ((route.roles & kShop) != 0) {
      expect_problem(call(server, route, path, as_shop("thief")), 404, "unknown_order");
    }
  }
  EXPECT_EQ(server.call("GET", "/v1/orders/" + order, as_buyer("owner")).body, before);
  EXPECT_EQ(server.call("GET", "/v1/orders/" + order, as_shop()).status, 200)
      << "the shop itself sees every order";
  for (const auto& all : {as_support(), as_operator()}) {
    EXPECT_EQ(server.call("GET", "/v1/orders/" + order, all).status, 200);
  }
}

TEST(Access, AnOrderListShowsABuyerOnlyTheirOwn) {
  Harness server;
  const auto sale = server.sale();
  server.buy(sale, "me");
  server.buy(sale, "other");
  const std::string path = "/v1/sales/" + sale + "/orders";
  for (const auto& headers : {as_buyer("me"), as_shop("me")}) {
    const auto list = server.call("GET", path, headers);
    ASSERT_EQ(list.status, 200);
    const auto& orders = list.json.as_object().at("orders").as_array();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].as_object().at("buyer").as_string(), "me");
    expect_problem(server.call("GET", path + "?buyer=other", headers), 403, "forbidden");
  }
  for (const auto& headers : {as_shop(), as_support(), as_operator()}) {
    EXPECT_EQ(server.call("GET", path, headers).json.as_object().at("orders").as_array().size(),
              2U);
  }
}

TEST(Access, WrongCredentialsAreRefusedOnEveryRouteThePublicOnesToo) {
  Harness server;
  const auto sale = server.sale();
  const auto order = server.buy(sale, "owner")["id"];
  for (const auto& route : routes()) {
    const auto path = path_of(route, sale, order);
    for (const auto* credential :
         {"Bearer wrong", "Bearer ", "Basic YTpi", "Bearer", "x", "Bearer operator-token-of-ann",
          "Bearer operator-token-of-annb"}) {
      const auto reply = call(server, route, path, {{"Authorization", credential}});
      expect_problem(reply, 401, "unauthenticated");
    }
  }
}

TEST(Access, ATokenForOneSaleOpensNoOther) {
  Harness server;
  const auto mine = server.sale();
  const auto other = server.sale();
  const Headers limited = {
      {"Authorization", "Bearer " + hs256_token(claims_of("b", ",\"sale\":\"" + mine + "\""))}};
  const auto order = server.call("POST", "/v1/sales/" + mine + "/orders", limited, kOne);
  EXPECT_EQ(order.status, 201);
  expect_problem(server.call("POST", "/v1/sales/" + other + "/orders", limited, kOne), 403,
                 "forbidden");
  const auto elsewhere = server.buy(other, "b")["id"];
  expect_problem(server.call("GET", "/v1/orders/" + elsewhere, limited), 403, "forbidden");
  EXPECT_EQ(server.call("GET", "/v1/orders/" + order["id"], limited).status, 200);
}

TEST(Access, OperatorsHaveAListenerOfTheirOwnWhenItIsSet) {
  auto options = usual();
  options.api.operator_listener = 1;
  options.listeners = 2;
  Harness server(options);
  Client in_public(server.address(0));
  Client inside(server.address(1));
  expect_problem(in_public.call("GET", "/v1/sales", as_operator()), 401, "unauthenticated");
  expect_problem(in_public.call("GET", "/v1/sales", as_support()), 401, "unauthenticated");
  EXPECT_EQ(inside.call("GET", "/v1/sales", as_operator()).status, 200);
}

TEST(Access, TheDemoTrustsDibsBuyerAlone) {
  Harness server(demo());
  const auto sale = server.sale();
  EXPECT_EQ(server.call("POST", "/v1/sales/" + sale + "/orders", in_demo("b"), kOne).status, 201);
  expect_problem(server.call("POST", "/v1/sales/" + sale + "/orders", in_demo("b@c"), kOne), 400,
                 "malformed");
  expect_problem(server.call("GET", "/v1/sales", in_demo("b")), 403, "forbidden");
}

TEST(Access, ATokenForOneSaleShowsOfOthersWhatAnyoneSees) {
  Harness server;
  const auto own = server.sale();
  const auto other = server.sale();
  const Headers limited = {
      {"Authorization", "Bearer " + hs256_token(claims_of("b", ",\"sale\":\"" + own + "\""))}};
  EXPECT_EQ(server.call("POST", "/v1/sales/" + own + "/orders", limited, kOne).status, 201);
  expect_problem(server.call("POST", "/v1/sales/" + other + "/orders", limited, kOne), 403,
                 "forbidden");
  EXPECT_EQ(server.call("GET", "/v1/sales/" + other, limited).status, 200);
  EXPECT_EQ(server.call("HEAD", "/v1/sales/" + other + "/events", limited).status, 200);
}

TEST(Access, PagesOfOtherOriginsAreServedOnlyWhenConfigured) {
  auto options = usual();
  options.api.cors_origins = {"https://shop.example"};
  Harness server(options);
  const auto sale = server.sale();
  const std::string path = "/v1/sales/" + sale;
  const auto allowed = server.call("GET", path, {{"Origin", "https://shop.example"}});
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(allowed.header("Vary"), "Origin");
  const auto own = server.call("GET", path, {{"Origin", "https://dibs.test"}});
  EXPECT_EQ(own.status, 200);
  EXPECT_EQ(own.header("Access-Control-Allow-Origin"), "");
  for (const auto* origin : {"https://evil.example", "null", "https://shop.example.evil.example",
                             "http://shop.example", "https://dibs.test.evil.example"}) {
    const auto refused = server.call("GET", path, {{"Origin", origin}});
    expect_problem(refused, 403, "forbidden");
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "");
  }

  const auto preflight =
      server.call("OPTIONS", path + "/orders", {{"Origin", "https://shop.example"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, GET, HEAD");
  EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("Idempotency-Key"),
            std::string::npos);
  EXPECT_EQ(server.call("OPTIONS", path, {{"Origin", "https://evil.example"}}).status, 405);
  EXPECT_EQ(server.call("OPTIONS", path).status, 405);
}

TEST(Access, SecretsMayNotBeSharedOrEmpty) {
  auto twice = usual().api;
  twice.shop_keys.push_back(kOperatorToken);
  EXPECT_FALSE(Authenticator::make(twice));
  auto empty = usual().api;
  empty.support_tokens.emplace_back();
  EXPECT_FALSE(Authenticator::make(empty));
}

}  // namespace
}  // namespace dibs::api::test

// Health, metrics, time, the description; rate limit; framing; and what every route has in common.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <thread>

#include "api/description.h"
#include "api/harness.h"
#include "api/metrics_table.h"
#include "api/routes.h"

namespace dibs::api::test {
namespace {

TEST(Service, HealthReadyTimeAndDescriptionAnswer) {
  Harness server;
  EXPECT_EQ(server.call("GET", "/healthz")["status"], "ok");
  EXPECT_EQ(server.call("GET", "/readyz")["status"], "ready");
  const auto now = parse_rfc3339(server.call("GET", "/v1/time")["now"]);
  ASSERT_TRUE(now);
  EXPECT_LT(std::chrono::abs(*now - system_clock().now()), std::chrono::minutes(1));
  EXPECT_EQ(server.call("GET", "/openapi.json").json, boost::json::value(description()));
  EXPECT_EQ(server.call("GET", "/v1/time").header("Cache-Control"), "no-store");
}

TEST(Service, MetricsCountAnswersByCodeAndHoldEveryRowThatHasAFigure) {
  Harness server;
  const auto sale = server.sale(R"("line_limit":0)", 1);
  server.buy(sale, "a");
  server.buy(sale, "b");
  server.call("GET", "/nowhere");
  const auto page = server.call("GET", "/metrics");
  EXPECT_TRUE(page.header("Content-Type").starts_with("text/plain; version=0.0.4"));
  const auto has = [&](const std::string& line) {
    return page.body.find(line) != std::string::npos;
  };
  EXPECT_TRUE(has("dibs_api_answers_total{code=\"ok\"} 2\n")) << page.body;
  EXPECT_TRUE(has("dibs_api_answers_total{code=\"sold_out\"} 1\n"));
  EXPECT_TRUE(has("dibs_api_answers_total{code=\"unknown_path\"} 1\n"));
  EXPECT_TRUE(has("dibs_api_request_seconds_count 4\n"));
  EXPECT_TRUE(has("dibs_engine_commits_total ")) << "figures of other parts";
  for (const auto& row : kMetrics) {
    if (row.name.starts_with("dibs_api_")) {
      EXPECT_TRUE(has("# TYPE " + std::string(row.name))) << row.name;
    }
  }
}

TEST(Service, ABuyerWhoAsksTooOftenIsToldToSlowDown) {
  auto options = demo();
  options.api.rate_per_buyer = 2;
  Harness server(options);
  const auto sale = server.sale();
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    const auto reply = server.call("GET", "/v1/sales/" + sale, in_demo("a"));
    if (reply.status == 200) continue;
    expect_problem(reply, 429, "slow_down");
    EXPECT_EQ(reply.header("Retry-After"), "1");
    EXPECT_EQ(reply["retryable"], "true");
    ++refused;
  }
  EXPECT_GE(refused, 1);
  EXPECT_EQ(server.call("GET", "/v1/sales/" + sale, in_demo("b")).status, 200);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(server.call("GET", "/v1/sales/" + sale, as_operator()).status, 200);
  }
}

TEST(Service, BrokenFramingIsAProblemToo) {
  Harness server;
  Client client(server.address());
  const auto refused = client.call("GET", "/healthz", {{"Expect", "100-continue"}});
  expect_problem(refused, 417, "malformed");
  Client other(server.address());
  const auto large =
      other.call("POST", "/v1/sales/s/orders", as_buyer("a"), std::string(16 * 1'024 + 1, ' '));
  expect_problem(large, 413, "too_large");
}

std::string path_of(const Route& route, const std::string& sale, const std::string& order) {
  std::string path(route.pattern);
  if (const auto at = path.find("{sale}"); at != std::string::npos) path.replace(at, 6, sale);
  if (const auto at = path.find("{order}"); at != std::string::npos) path.replace(at, 7, order);
  return path;
}

bool names_an_id(const Route& route) {
  return route.pattern.contains("{sale}") || route.pattern.contains("{order}");
}

/// A caller that the route serves.
Headers caller_of(const Route& route) {
  if ((route.roles & kBuyer) != 0) return as_buyer("a");
  if ((route.roles & kShop) != 0) return as_shop("a");
  return as_operator();
}

std::string body_of(const Route& route) {
  if (route.method == http::Method::put) {
    return R"({"title":"T","currency":"KRW","payment":"shop","items":[)"
           R"({"sku":"a","title":"A","price":1,"stock":1}]})";
  }
  if (route.pattern.ends_with("/stock")) return R"({"sku":"floor","delta":1})";
  if (route.pattern.ends_with("/payment")) return R"({"token":"tok_ok"})";
  if (route.method == http::Method::post && route.pattern == "/console/session") {
    return R"({"token":")" + kOperatorToken + R"("})";
  }
  if (route.method == http::Method::post && route.pattern.ends_with("/session")) {
    return R"({"token":")" + hs256_token(claims_of("a")) + R"("})";
  }
  if (route.method == http::Method::post && route.pattern.ends_with("/orders")) {
    return R"({"items":[{"sku":"floor","quantity":1}]})";
  }
  return route.method == http::Method::post ? "{}" : "";
}

class EveryRoute : public ::testing::Test {
 protected:
  static Reply call(const Harness& server, const Route& route, const std::string& path,
                    Headers headers) {
    Client client(server.address());
    if (route.pattern.ends_with("/stock")) headers.emplace_back("Idempotency-Key", "k");
    return client.call(to_text(route.method), path, headers, body_of(route));
  }
};

const std::string kNoOrder = "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa.nowhere";

TEST_F(EveryRoute, RefusesWhatIsMalformed) {
  Harness server;
  for (const auto& route : routes()) {
    const auto path = path_of(route, "s", kNoOrder);
    if (route.pattern.starts_with("/v1")) {
      expect_problem(call(server, route, path + "?surprise=1", caller_of(route)), 400, "malformed");
    }
    if (names_an_id(route)) {
      expect_problem(call(server, route, path_of(route, "a%20b", "x"), caller_of(route)), 400,
                     "malformed");
    }
    expect_problem(
        call(server, route, path, {{"Authorization", "Bearer " + kShopKey}, {"Dibs-Buyer", "b@c"}}),
        400, "malformed");
  }
}

TEST_F(EveryRoute, RefusesWhatDoesNotExist) {
  Harness server;
  for (const auto& route : routes()) {
    const auto path = path_of(route, "nowhere", kNoOrder);
    if (!route.pattern.contains('{')) continue;
    if (route.method == http::Method::put) continue;
    const auto reply = call(server, route, path, caller_of(route));
    EXPECT_EQ(reply.status, 404) << route.pattern << reply.body;
  }
}

TEST_F(EveryRoute, RefusesForeignOriginsAndFastBuyers) {
  auto options = usual();
  options.api.rate_per_buyer = 1;
  Harness server(options);
  for (const auto& route : routes()) {
    const auto path = path_of(route, "nowhere", kNoOrder);
    expect_problem(call(server, route, path, with(as_operator(), "Origin", "https://evil.example")),
                   403, "forbidden");
    // A shop names a buyer on every route, also where it then may not go.
    for (int i = 0; i < 3; ++i) call(server, route, path, as_shop("fast"));
    expect_problem(call(server, route, path, as_shop("fast")), 429, "slow_down");
  }
}

TEST_F(EveryRoute, IsUnavailableWhileTheServerStops) {
  Harness server;
  server.api().stop();
  for (const auto& route : routes()) {
    const auto reply = call(server, route, path_of(route, "s", kNoOrder), caller_of(route));
    if (route.pattern.starts_with("/v1") || route.pattern == "/readyz") {
      expect_problem(reply, 503, "unavailable");
    } else {
      const int served = route.method == http::Method::del ? 204 : 200;
      EXPECT_EQ(reply.status, route.pattern.contains('{') ? 404 : served) << route.pattern;
    }
  }
}

/// After all tests: every status that openapi.yaml names was seen, so it names none that the
/// server never gives.
class Coverage : public ::testing::Environment {
 public:
  void TearDown() override {
    const auto* all = ::testing::UnitTest::GetInstance();
    if (all->test_to_run_count() != all->total_test_count() || all->Failed()) return;
    const auto were_seen = seen();
    for (const auto& row : described()) {
      EXPECT_TRUE(were_seen.contains(row))
          << "openapi.yaml names " << std::get<2>(row) << " at " << std::get<0>(row) << " "
          << std::get<1>(row) << ", but no test saw it";
    }
  }
};
const auto* const kCoverage = ::testing::AddGlobalTestEnvironment(new Coverage);

}  // namespace
}  // namespace dibs::api::test

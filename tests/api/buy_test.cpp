// Buying: every row of the contract's table, refusals in their order.
#include <gtest/gtest.h>

#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

class BuyTest : public ::testing::Test {
 protected:
  Harness server_;

  Reply post(const std::string& sale, const Headers& headers, const std::string& body) {
    return server_.call("POST", "/v1/sales/" + sale + "/orders", headers, body);
  }
};

constexpr const char* kOne = R"({"items":[{"sku":"floor","quantity":1}]})";

TEST_F(BuyTest, AHeldOrderHasEveryMemberOfTheContract) {
  const auto sale = server_.sale();
  const auto order = post(sale, as_buyer("b-17"),
                          R"({"items":[{"sku":"floor","quantity":1}],"reference":"cart-9"})");
  ASSERT_EQ(order.status, 201) << order.body;
  EXPECT_EQ(order["id"].size(), 4 + 26 + 1 + sale.size());
  EXPECT_EQ(order["sale"], sale);
  EXPECT_EQ(order["buyer"], "b-17");
  EXPECT_EQ(order["reference"], "cart-9");
  EXPECT_EQ(order["state"], "held");
  EXPECT_EQ(order["money"], "none");
  EXPECT_EQ(order["arrival"], "1");
  EXPECT_GT(order.number("seq"), 0);
  EXPECT_EQ(order["items"], R"([{"sku":"floor","quantity":1,"price":50000}])");
  EXPECT_EQ(order["amount"], "50000");
  EXPECT_EQ(order["currency"], "KRW");
  EXPECT_TRUE(parse_rfc3339(order["created_at"]));
  EXPECT_TRUE(parse_rfc3339(order["expires_at"]));
  EXPECT_EQ(order.header("Location"), "/v1/orders/" + order["id"]);
  EXPECT_TRUE(order.header("ETag").starts_with("\"" + order["seq"] + "."));
  EXPECT_EQ(order.header("Idempotency-Replayed"), "");
  EXPECT_FALSE(order.has("place") || order.has("position") || order.has("reason"));
}

TEST_F(BuyTest, WhoComesAfterTheLastUnitWaitsWithPlaceAndPosition) {
  const auto sale = server_.sale("", 1);
  EXPECT_EQ(server_.buy(sale, "a").status, 201);
  const auto second = server_.buy(sale, "b");
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(second["state"], "waiting");
  EXPECT_EQ(second["place"], "1");
  EXPECT_EQ(second["position"], "1");
  EXPECT_EQ(server_.buy(sale, "c")["position"], "2");
}

TEST_F(BuyTest, AFreeSaleIsFinalAtOnce) {
  const auto sale = server_.sale(R"("payment":"none")", 10, 0);
  const auto order = server_.buy(sale, "a");
  EXPECT_EQ(order.status, 201);
  EXPECT_EQ(order["state"], "paid");
}

TEST_F(BuyTest, AReplayAnswersWithTheOrderAsItIsNowAndSaysSo) {
  const auto sale = server_.sale("", 1);
  const auto first = server_.buy(sale, "a", "k");
  const auto again = server_.buy(sale, "a", "k");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again["id"], first["id"]);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  const auto waits = server_.buy(sale, "b", "k");
  EXPECT_EQ(waits.status, 202);
  EXPECT_EQ(waits.header("Idempotency-Replayed"), "") << "a key belongs to its buyer";
  EXPECT_EQ(server_.buy(sale, "b", "k").status, 202);
  EXPECT_EQ(server_.call("DELETE", "/v1/orders/" + first["id"], as_buyer("a")).status, 200);
  const auto promoted = server_.buy(sale, "b", "k");
  EXPECT_EQ(promoted.status, 201);
  EXPECT_EQ(promoted["state"], "held");
  EXPECT_EQ(promoted["arrival"], waits["arrival"]) << "a replay takes no new number";
}

TEST_F(BuyTest, TheSameKeyWithOtherItemsIsAMismatch) {
  const auto sale = server_.sale();
  server_.buy(sale, "a", "k");
  expect_problem(server_.buy(sale, "a", "k", 2), 422, "idempotency_mismatch", true);
}

TEST_F(BuyTest, AClosedSaleRefuses) {
  const auto sale = server_.sale();
  EXPECT_EQ(server_.call("POST", "/v1/sales/" + sale + "/close", as_operator()).status, 200);
  expect_problem(server_.buy(sale, "a"), 409, "closed", true);
}

TEST_F(BuyTest, APausedSaleRefusesUntilItGoesOn) {
  const auto sale = server_.sale();
  EXPECT_EQ(server_.call("POST", "/v1/sales/" + sale + "/pause", as_operator()).status, 200);
  const auto refused = server_.buy(sale, "a");
  expect_problem(refused, 409, "paused", true);
  EXPECT_EQ(refused["retryable"], "true");
  EXPECT_EQ(server_.call("POST", "/v1/sales/" + sale + "/resume", as_operator()).status, 200);
  EXPECT_EQ(server_.buy(sale, "a").status, 201);
}

TEST_F(BuyTest, BeforeTheOpeningItIsSaidWhenToPressAgainAndThenItWorks) {
  const auto opens_at = system_clock().now() + std::chrono::milliseconds(1'500);
  const auto sale = server_.sale("\"opens_at\":\"" + to_rfc3339(opens_at) + "\"");
  const auto refused = server_.buy(sale, "a");
  expect_problem(refused, 403, "not_open", true);
  EXPECT_EQ(refused["opens_at"], to_rfc3339(opens_at));
  EXPECT_TRUE(parse_rfc3339(refused["server_time"]));
  const auto wait_ms = refused.number("opens_in_ms");
  EXPECT_GT(wait_ms, 0);
  EXPECT_EQ(refused.header("Retry-After"), std::to_string((wait_ms + 999) / 1'000));
  std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
  EXPECT_EQ(server_.buy(sale, "a").status, 201) << "who waits that long is never early";
}

TEST_F(BuyTest, AReachedLimitShowsTheLiveOrders) {
  const auto sale = server_.sale();
  const auto first = server_.buy(sale, "a");
  const auto refused = server_.buy(sale, "a");
  expect_problem(refused, 409, "limit_reached", true);
  const auto& orders = refused.json.as_object().at("orders").as_array();
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].as_object().at("id").as_string(), first["id"]);
  EXPECT_EQ(orders[0].as_object().at("currency").as_string(), "KRW");
}

TEST_F(BuyTest, WithoutALineTheRestIsSoldOut) {
  const auto sale = server_.sale(R"("line_limit":0)", 1);
  server_.buy(sale, "a");
  expect_problem(server_.buy(sale, "b"), 409, "sold_out", true);
}

TEST_F(BuyTest, UnknownSalesAndItemsAreNotNumbered) {
  const auto sale = server_.sale();
  expect_problem(server_.buy("nowhere", "a"), 404, "unknown_sale");
  expect_problem(post(sale, as_buyer("a"), R"({"items":[{"sku":"roof","quantity":1}]})"), 404,
                 "unknown_sku");
  EXPECT_EQ(server_.buy(sale, "a")["arrival"], "1");
}

TEST_F(BuyTest, PricesAreTheSalesAndAnAmountOf2To53IsRefused) {
  const auto sale = server_.sale(R"("limit_per_buyer":16000,"payment":"shop")", 100);
  const auto put = server_.call(
      "PUT", "/v1/sales/dear", as_operator(),
      R"({"title":"t","currency":"KRW","limit_per_buyer":16000,"payment":"shop","items":[)"
      R"({"sku":"a","title":"a","price":1000000000000,"stock":10000},)"
      R"({"sku":"b","title":"b","price":1000000000000,"stock":10000},)"
      R"({"sku":"c","title":"c","price":7199254740991,"stock":1}]})");
  EXPECT_EQ(put.status, 400) << "the highest price is 10^12";
  std::string items;
  for (char sku = 'a'; sku < 'k'; ++sku) {
    items += std::string(items.empty() ? "" : ",") + R"({"sku":")" + sku +
             R"(","title":"t","price":1000000000000,"stock":10000})";
  }
  ASSERT_EQ(
      server_
          .call("PUT", "/v1/sales/dear", as_operator(),
                R"({"title":"t","currency":"KRW","limit_per_buyer":16000,"items":[)" + items + "]}")
          .status,
      201);
  std::string lines;
  for (char sku = 'a'; sku < 'k'; ++sku) {
    lines += std::string(lines.empty() ? "" : ",") + R"({"sku":")" + sku + R"(","quantity":1000})";
  }
  const auto refused = post("dear", as_buyer("rich"), R"({"items":[)" + lines + "]}");
  expect_problem(refused, 400, "malformed");  // 10^16 > 2^53
  EXPECT_NE(refused["detail"].find("amount"), std::string::npos);
  const auto both =
      post("dear", as_buyer("rich"), R"({"items":[)" + lines + R"(,{"sku":"roof","quantity":1}]})");
  expect_problem(both, 400, "malformed");  // before the unknown SKU
}

TEST_F(BuyTest, TheShopActsForTheBuyerItNames) {
  const auto sale = server_.sale();
  const auto order = post(sale, as_shop("b-1"), kOne);
  EXPECT_EQ(order.status, 201);
  EXPECT_EQ(order["buyer"], "b-1");
  const auto nobody = post(sale, as_shop(), kOne);
  expect_problem(nobody, 400, "malformed");
  EXPECT_NE(nobody["detail"].find("Dibs-Buyer"), std::string::npos);
  expect_problem(post(sale, as_shop("b@c"), kOne), 400, "malformed");
  EXPECT_EQ(
      post(sale, {{"Authorization", "Bearer " + kShopKeyNew}, {"Dibs-Buyer", "b-2"}}, kOne).status,
      201)
      << "two keys are valid at once";
}

TEST_F(BuyTest, ADibsBuyerAloneIsNobodyOutsideTheDemo) {
  const auto sale = server_.sale();
  expect_problem(post(sale, in_demo("a"), kOne), 401, "unauthenticated");
}

TEST_F(BuyTest, RefusalsComeInTheOrderOfPrecedence) {
  const auto sale = server_.sale();
  const std::string bad = R"({"items":[]})";
  expect_problem(post("nowhere", {{"Authorization", "Bearer wrong"}}, bad), 401, "unauthenticated");
  expect_problem(post("nowhere", as_support(), bad), 400, "malformed");
  expect_problem(post("nowhere", as_support(), kOne), 403, "forbidden");
  expect_problem(post("nowhere", as_buyer("a"), bad), 400, "malformed");
  expect_problem(post("nowhere", as_buyer("a"), kOne), 404, "unknown_sale");
}

}  // namespace
}  // namespace dibs::api::test

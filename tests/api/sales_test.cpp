// Whole sales: put, look, stock, pause, resume, close, remove.
#include <gtest/gtest.h>

#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

class SalesTest : public ::testing::Test {
 protected:
  Harness server_;

  Reply put(const std::string& sale, const std::string& body) {
    return server_.call("PUT", "/v1/sales/" + sale, as_operator(), body);
  }
  Reply get(const std::string& sale, const Headers& headers = {}) {
    return server_.call("GET", "/v1/sales/" + sale, headers);
  }
  Reply act(const std::string& sale, const std::string& what) {
    return server_.call("POST", "/v1/sales/" + sale + "/" + what, as_operator());
  }
  Reply stock(const std::string& sale, const std::string& body, const std::string& key) {
    return server_.call("POST", "/v1/sales/" + sale + "/stock",
                        with(as_operator(), "Idempotency-Key", key), body);
  }
};

constexpr const char* kItems = R"("items":[{"sku":"floor","title":"F","price":1,"stock":10}])";
std::string minimal(const std::string& more = {}) {
  return R"({"title":"T","currency":"KRW",)" + std::string(kItems) +
         (more.empty() ? "" : "," + more) + "}";
}
std::string item(const std::string& more) {
  return R"({"title":"T","currency":"KRW","items":[)" + more + "]}";
}

TEST_F(SalesTest, OnlyTitleCurrencyAndItemsAreNeededTheRestHasItsDefaults) {
  const auto made = put("s", minimal());
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made["id"], "s");
  EXPECT_EQ(made["state"], "open") << "opens_at null: open now";
  EXPECT_TRUE(parse_rfc3339(made["opens_at"]));
  EXPECT_EQ(made["closes_at"], "null");
  EXPECT_EQ(made["hold_seconds"], "300");
  EXPECT_EQ(made["payment_seconds"], "120");
  EXPECT_EQ(made["payment_attempts"], "1");
  EXPECT_EQ(made["promotion_seconds"], "300");
  EXPECT_EQ(made["limit_per_buyer"], "1");
  EXPECT_EQ(made["line_limit"], "1000");
  EXPECT_EQ(made["payment"], "provider");
  EXPECT_EQ(made["checkout_url"], "null");
  EXPECT_EQ(made["notify"], "null");
  EXPECT_EQ(made["public_stock"], "exact");
  EXPECT_EQ(made["test"], "false");
  EXPECT_EQ(made["durability"], "strict");
}

TEST_F(SalesTest, TheExampleOfTheContractIsTaken) {
  const auto made =
      put("concert-2026", R"({"title": "Concert", "opens_at": "2096-12-01T11:00:00.000Z",
    "closes_at": null, "hold_seconds": 300, "payment_seconds": 120, "payment_attempts": 1,
    "promotion_seconds": 300, "limit_per_buyer": 1, "line_limit": 1000, "payment": "provider",
    "currency": "KRW", "checkout_url": null, "notify": null, "public_stock": "exact", "test": false,
    "items": [{"sku": "floor", "title": "Floor", "price": 50000, "stock": 10}]})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made["state"], "scheduled");
  EXPECT_EQ(made["opens_at"], "2096-12-01T11:00:00.000Z");
}

TEST_F(SalesTest, WhatIsShownCanBePutBack) {
  const auto sale = server_.sale();  // opens now
  const auto shown = server_.call("GET", "/v1/sales/" + sale, as_operator());
  const auto same = put(sale, R"({"opens_at":")" + shown["opens_at"] + R"(","closes_at":null})");
  EXPECT_EQ(same.status, 200) << same.body;
  EXPECT_EQ(same["seq"], shown["seq"]) << "and changes nothing";
}

TEST_F(SalesTest, ThePublicSeesFiguresTimesAndDurability) {
  const auto sale = server_.sale("", 2);
  server_.buy(sale, "a");
  server_.buy(sale, "b");
  server_.buy(sale, "c");
  const auto seen = get(sale);
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen["sold_out"], "false") << "two are held";
  EXPECT_EQ(seen["waiting"], "1");
  EXPECT_TRUE(parse_rfc3339(seen["server_time"]));
  EXPECT_EQ(seen["items"], R"([{"sku":"floor","title":"Floor","price":50000,"total":2,)"
                           R"("available":0,"held":2,"sold":0,"waiting":1}])");
  EXPECT_FALSE(seen.has("notify"));
  EXPECT_FALSE(seen.has("last_winner_arrival"));
}

TEST_F(SalesTest, AHiddenStockIsLeftOutForThePublicOnly) {
  const auto sale = server_.sale(R"("public_stock":"hidden")");
  EXPECT_EQ(get(sale)["items"], R"([{"sku":"floor","title":"Floor","price":50000,"waiting":0}])");
  EXPECT_EQ(get(sale, as_buyer("b"))["items"], get(sale)["items"]);
  EXPECT_NE(get(sale, as_operator())["items"].find("available"), std::string::npos);
}

TEST_F(SalesTest, AfterTheEndTheLastWinnerIsTold) {
  const auto sale = server_.sale(R"("payment":"none")", 2, 0);
  server_.buy(sale, "a");
  server_.buy(sale, "b");
  server_.buy(sale, "c");
  const auto over = get(sale);
  EXPECT_EQ(over["sold_out"], "true");
  EXPECT_EQ(over["last_winner_arrival"], "2");
  const auto empty = server_.sale();
  act(empty, "close");
  EXPECT_EQ(get(empty)["last_winner_arrival"], "null");
}

TEST_F(SalesTest, AChangeLeavesWhatItDoesNotNameAndAfterOpeningSomeStandsStill) {
  const auto sale = server_.sale(R"("hold_seconds":60)");
  const auto changed = put(sale, R"({"title":"Other","line_limit":5})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed["title"], "Other");
  EXPECT_EQ(changed["line_limit"], "5");
  EXPECT_EQ(changed["hold_seconds"], "60");
  for (const auto* frozen :
       {R"({"limit_per_buyer":2})", R"({"currency":"EUR"})", R"({"payment":"shop"})",
        R"({"public_stock":"hidden"})", R"({"opens_at":"2096-12-01T11:00:00.000Z"})",
        R"({"items":[{"sku":"floor","title":"Floor","price":1,"stock":10}]})"}) {
    expect_problem(put(sale, frozen), 409, "wrong_state");
  }
  EXPECT_EQ(
      put(sale, R"({"items":[{"sku":"floor","title":"Floor","price":50000,"stock":10}]})").status,
      200)
      << "items may be there when they are identical";
}

struct BadPut {
  std::string body;
  const char* complaint;
};

TEST_F(SalesTest, EveryBoundIsKeptAndTheMemberIsNamed) {
  const std::string long_title(201, 'x');
  const std::string title_200 = "\"" + std::string(200, 'x') + "\"";
  const std::vector<BadPut> rows = {
      {"{}", "title is missing"},
      {R"({"title":"T","currency":"KRW"})", "items is missing"},
      {R"({"title":"T",)" + std::string(kItems) + "}", "currency is missing"},
      {minimal(R"("x":1)"), "x is not a member"},
      {minimal(R"("title":"U")"), "member title is there twice"},
      {R"({"title":"","currency":"KRW",)" + std::string(kItems) + "}", "title must be"},
      {R"({"title":")" + long_title + R"(","currency":"KRW",)" + kItems + "}", "title must be"},
      {R"({"title":"a\nb","currency":"KRW",)" + std::string(kItems) + "}", "title must be"},
      {R"({"title":"T","currency":"krw",)" + std::string(kItems) + "}", "currency must be"},
      {R"({"title":"T","currency":"KRW","items":[]})", "items must be a list of 1 to 256"},
      {R"({"title":"T","currency":"KRW","items":{}})", "items must be a list"},
      {item(R"({"sku":"a b","title":"t","price":1,"stock":1})"), "items[0].sku must be"},
      {item(R"({"sku":"","title":"t","price":1,"stock":1})"), "items[0].sku must be"},
      {item(R"({"title":"t","price":1,"stock":1})"), "items[0].sku is missing"},
      {item(R"({"sku":"a","title":"t","price":-1,"stock":1})"), "items[0].price must be"},
      {item(R"({"sku":"a","title":"t","price":1000000000001,"stock":1})"), "items[0].price must"},
      {item(R"({"sku":"a","title":"t","price":1.5,"stock":1})"), "items[0].price must be"},
      {item(R"({"sku":"a","title":"t","price":1,"stock":10000001})"), "items[0].stock must be"},
      {item(R"({"sku":"a","title":"t","price":1,"stock":1,"x":1})"), "items[0].x is not"},
      {item(
           R"({"sku":"a","title":"t","price":1,"stock":1},{"sku":"a","title":"t","price":1,"stock":1})"),
       "items[1].sku is there twice"},
      {minimal(R"("hold_seconds":0)"), "hold_seconds must be 1 to 86400"},
      {minimal(R"("hold_seconds":86401)"), "hold_seconds must be 1 to 86400"},
      {minimal(R"("payment_seconds":0)"), "payment_seconds must be"},
      {minimal(R"("promotion_seconds":86401)"), "promotion_seconds must be"},
      {minimal(R"("payment_attempts":0)"), "payment_attempts must be"},
      {minimal(R"("limit_per_buyer":0)"), "limit_per_buyer must be"},
      {minimal(R"("line_limit":1000001)"), "line_limit must be 0 to 1000000"},
      {minimal(R"("line_limit":-1)"), "line_limit must be"},
      {minimal(R"("payment":"cash")"), "payment must be provider, shop or none"},
      {minimal(R"("payment":"none")"), "price must be 0"},
      {minimal(R"("public_stock":"some")"), "public_stock must be exact or hidden"},
      {minimal(R"("test":1)"), "test must be true or false"},
      {minimal(R"("opens_at":"tomorrow")"), "opens_at must be null or a time"},
      {minimal(R"("opens_at":5)"), "opens_at must be"},
      {minimal(R"("opens_at":"2096-01-01T00:00:00.0005Z")"), "opens_at must not be finer"},
      {minimal(R"("closes_at":"2096-01-01T00:00:00.000000001Z")"), "closes_at must not be finer"},
      {minimal(R"("closes_at":"2020-01-01T00:00:00Z")"), "closes_at must be after opens_at"},
      {minimal(R"("opens_at":null,"closes_at":"2020-01-01T00:00:00Z")"), "closes_at must be after"},
      {minimal(R"("opens_at":"2096-01-01T00:00:00Z","closes_at":"2096-01-01T00:00:00Z")"),
       "closes_at must be after opens_at"},
      {minimal(R"("checkout_url":"javascript:x")"), "checkout_url must be"},
      {minimal(R"("notify":{"url":"ftp://x"})"), "notify.url must be"},
      {minimal(R"("notify":{})"), "notify.url is missing"},
      {minimal(R"("notify":{"url":"https://x.example","y":1})"), "notify.y is not"},
      {minimal(R"("notify":"https://x.example")"), "notify must be an object"},
      {"", "not JSON"},
  };
  for (const auto& [body, complaint] : rows) {
    const auto refused = put("s", body);
    expect_problem(refused, 400, "malformed");
    EXPECT_NE(refused["detail"].find(complaint), std::string::npos)
        << refused["detail"] << " for " << body;
  }
  EXPECT_EQ(get("s").status, 404) << "nothing was made of any of them";
  EXPECT_EQ(put("s", R"({"title":)" + title_200 + R"(,"currency":"KRW",)" + kItems + "}").status,
            201);
}

TEST_F(SalesTest, IdsInThePathAreChecked) {
  for (const auto* bad : {"a%20b", "a%2Fb", "%00", "a%", "x%zz", "a@b", "%E2%82%AC",
                          "12345678901234567890123456789012345678901234567890123456789012345"}) {
    expect_problem(get(bad), 400, "malformed");
  }
  EXPECT_EQ(put("a%2Db", minimal()).status, 201) << "percent-encoding is undone";
  EXPECT_EQ(get("a-b").status, 200);
  expect_problem(get("other"), 404, "unknown_sale");
}

TEST_F(SalesTest, WithoutAProviderPaymentByProviderIsRefusedSayingSo) {
  auto options = usual();
  options.sandbox = false;
  Harness bare(options);
  const auto refused = bare.call("PUT", "/v1/sales/s", as_operator(), minimal());
  expect_problem(refused, 400, "malformed");
  EXPECT_NE(refused["detail"].find("--payments"), std::string::npos);
  EXPECT_EQ(bare.call("PUT", "/v1/sales/s", as_operator(), minimal(R"("payment":"shop")")).status,
            201);
}

TEST_F(SalesTest, StockIsAddedOnceAKeyAndPromotesTheLine) {
  const auto sale = server_.sale("", 1);
  server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  const auto added = stock(sale, R"({"sku":"floor","delta":3})", "k1");
  EXPECT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(added.header("Idempotency-Replayed"), "");
  const auto again = stock(sale, R"({"sku":"floor","delta":3})", "k1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_NE(get(sale)["items"].find(R"("total":4)"), std::string::npos);
  EXPECT_EQ(server_.call("GET", "/v1/orders/" + waiting["id"], as_buyer("b"))["state"], "held");
  expect_problem(stock(sale, R"({"sku":"floor","delta":4})", "k1"), 422, "idempotency_mismatch");
  expect_problem(stock(sale, R"({"sku":"floor","delta":-3})", "k2"), 409, "wrong_state");
  EXPECT_EQ(stock(sale, R"({"sku":"floor","delta":-2})", "k3").status, 200);
  expect_problem(stock(sale, R"({"sku":"roof","delta":1})", "k4"), 404, "unknown_sku");
  expect_problem(stock("nowhere", R"({"sku":"floor","delta":1})", "k"), 404, "unknown_sale");
  act(sale, "close");
  expect_problem(stock(sale, R"({"sku":"floor","delta":1})", "k5"), 409, "closed");
}

TEST_F(SalesTest, StockNeedsAKeyAndADelta) {
  const auto sale = server_.sale();
  const auto without = server_.call("POST", "/v1/sales/" + sale + "/stock", as_operator(),
                                    R"({"sku":"floor","delta":1})");
  expect_problem(without, 400, "malformed");
  EXPECT_NE(without["detail"].find("Idempotency-Key"), std::string::npos);
  for (const auto* body :
       {"{}", R"({"sku":"floor"})", R"({"delta":1})", R"({"sku":"floor","delta":0})",
        R"({"sku":"floor","delta":10000001})", R"({"sku":"floor","delta":-10000001})",
        R"({"sku":"f f","delta":1})", R"({"sku":"floor","delta":1,"x":1})"}) {
    expect_problem(stock(sale, body, "k"), 400, "malformed");
  }
  expect_problem(stock(sale, R"({"sku":"floor","delta":1})", std::string(65, 'k')), 400,
                 "malformed");
}

TEST_F(SalesTest, PauseResumeAndCloseMayBeRepeatedAndCloseIsFinal) {
  const auto sale = server_.sale();
  EXPECT_EQ(act(sale, "pause")["state"], "paused");
  EXPECT_EQ(act(sale, "pause")["state"], "paused");
  EXPECT_EQ(act(sale, "resume")["state"], "open");
  EXPECT_EQ(act(sale, "resume")["state"], "open");
  EXPECT_EQ(act(sale, "close")["state"], "closed");
  EXPECT_EQ(act(sale, "close")["state"], "closed");
  expect_problem(act(sale, "pause"), 409, "wrong_state");
  expect_problem(act(sale, "resume"), 409, "wrong_state");
  for (const auto* what : {"pause", "resume", "close"}) {
    expect_problem(act("nowhere", what), 404, "unknown_sale");
    expect_problem(
        server_.call("POST", "/v1/sales/" + sale + "/" + what, as_operator(), R"({"x":1})"), 400,
        "malformed");
  }
}

TEST_F(SalesTest, WhoWaitsWhenASaleClosesIsClosedAndHoldsMayBePaid) {
  const auto sale = server_.sale("", 1);
  const auto held = server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  act(sale, "close");
  EXPECT_EQ(server_.call("GET", "/v1/orders/" + waiting["id"], as_buyer("b"))["state"], "closed");
  const auto paid = server_.call("POST", "/v1/orders/" + held["id"] + "/payment", as_buyer("a"),
                                 R"({"token":"tok_ok"})");
  EXPECT_EQ(paid["state"], "paid");
}

TEST_F(SalesTest, OnlyTestSalesAndThoseThatNeverOpenedCanBeRemoved) {
  const auto remove = [this](const std::string& sale) {
    return server_.call("DELETE", "/v1/sales/" + sale, as_operator());
  };
  const auto test = server_.sale(R"("test":true)");
  const auto future = server_.sale(R"("opens_at":"2096-12-01T11:00:00.000Z")");
  EXPECT_EQ(remove(test).status, 204);
  EXPECT_EQ(remove(future).status, 204);
  EXPECT_EQ(get(test).status, 404);
  expect_problem(remove(server_.sale()), 409, "wrong_state");
  expect_problem(remove("nowhere"), 404, "unknown_sale");
}

TEST_F(SalesTest, AllSalesAreListedForTheOperator) {
  const auto a = server_.sale();
  const auto b = server_.sale(R"("public_stock":"hidden")");
  const auto list = server_.call("GET", "/v1/sales", as_operator());
  const auto& sales = list.json.as_object().at("sales").as_array();
  ASSERT_EQ(sales.size(), 2U);
  EXPECT_TRUE(sales[1].as_object().at("items").as_array()[0].as_object().contains("available"));
}

TEST_F(SalesTest, UnknownAndDuplicateQueryParametersAreRefused) {
  const auto sale = server_.sale();
  for (const auto* query : {"?x=1", "?wait=1", "?limit=1", "?=1"}) {
    expect_problem(get(sale + query), 400, "malformed");
  }
  const auto twice =
      server_.call("GET", "/v1/sales/" + sale + "/orders?limit=1&limit=2", as_operator());
  expect_problem(twice, 400, "malformed");
  EXPECT_NE(twice["detail"].find("limit"), std::string::npos);
}

TEST_F(SalesTest, WrongMethodsSayWhatThePathTakesAndHeadIsServedAsGet) {
  const auto sale = server_.sale();
  const auto wrong = server_.call("POST", "/v1/sales/" + sale, as_operator());
  expect_problem(wrong, 405, "method_not_allowed");
  EXPECT_EQ(wrong.header("Allow"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(server_.call("PATCH", "/v1/time").status, 405);
  const auto head = server_.call("HEAD", "/v1/sales/" + sale);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  expect_problem(server_.call("GET", "/v1/nothing"), 404, "unknown_path");
  expect_problem(server_.call("GET", "/v1/sales/" + sale + "/"), 404, "unknown_path");
  expect_problem(server_.call("GET", "/V1/sales/" + sale), 404, "unknown_path");
}

TEST_F(SalesTest, AnOperatorsNameGoesIntoTheEventsItCauses) {
  const auto sale = server_.sale(R"("payment":"shop")");
  const auto order = server_.buy(sale, "a")["id"];
  server_.call("POST", "/v1/orders/" + order + "/confirm", as_shop());
  server_.call("POST", "/v1/orders/" + order + "/refund", as_operator(), R"({"restock":true})");
  const auto history = server_.call("GET", "/v1/orders/" + order + "/history", as_support());
  EXPECT_NE(history.body.find(R"("actor":"anna")"), std::string::npos) << history.body;
}

}  // namespace
}  // namespace dibs::api::test

// Lists: orders, arrivals, history; pages, filters, CSV.
#include <gtest/gtest.h>

#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

class ListsTest : public ::testing::Test {
 protected:
  Harness server_;

  std::vector<std::string> buyers(const Reply& reply, const char* list) {
    std::vector<std::string> names;
    for (const auto& row : reply.json.as_object().at(list).as_array()) {
      names.emplace_back(row.as_object().at("buyer").as_string());
    }
    return names;
  }
  /// Arrivals are written with the next commit or a moment later.
  Reply arrivals(const std::string& sale, std::size_t count, const std::string& query = {}) {
    const auto deadline = system_clock().monotonic() + std::chrono::seconds(20);
    while (true) {
      auto reply = server_.call("GET", "/v1/sales/" + sale + "/arrivals" + query, as_support());
      if (reply.status != 200 || buyers(reply, "arrivals").size() >= count ||
          system_clock().monotonic() > deadline) {
        return reply;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
};

using Names = std::vector<std::string>;

TEST_F(ListsTest, OrdersComeInOrderOfArrivalPageByPage) {
  const auto sale = server_.sale("", 2);
  for (const auto* buyer : {"a", "b", "c"}) server_.buy(sale, buyer);
  const std::string path = "/v1/sales/" + sale + "/orders";
  const auto first = server_.call("GET", path + "?limit=2", as_operator());
  EXPECT_EQ(buyers(first, "orders"), (Names{"a", "b"}));
  const auto rest =
      server_.call("GET", path + "?limit=2&after=" + first["next_after"], as_operator());
  EXPECT_EQ(buyers(rest, "orders"), (Names{"c"}));
  EXPECT_EQ(rest["next_after"], "null");
}

TEST_F(ListsTest, OrdersAreFiltered) {
  const auto sale = server_.sale("", 1);
  server_.call("POST", "/v1/sales/" + sale + "/orders", as_buyer("a"),
               R"({"items":[{"sku":"floor","quantity":1}],"reference":"cart/9"})");
  server_.buy(sale, "b");
  const std::string path = "/v1/sales/" + sale + "/orders";
  const auto get = [&](const std::string& query) {
    return buyers(server_.call("GET", path + query, as_operator()), "orders");
  };
  EXPECT_EQ(get("?state=held"), (Names{"a"}));
  EXPECT_EQ(get("?state=waiting"), (Names{"b"}));
  EXPECT_EQ(get("?state=paid"), (Names{}));
  EXPECT_EQ(get("?buyer=b"), (Names{"b"}));
  EXPECT_EQ(get("?reference=cart%2F9"), (Names{"a"}));
  for (const auto* bad : {"?state=gone", "?buyer=a@b", "?buyer=", "?reference=", "?after=x",
                          "?limit=0", "?limit=1001", "?limit=a", "?reference=%00"}) {
    expect_problem(server_.call("GET", path + bad, as_operator()), 400, "malformed");
  }
  expect_problem(server_.call("GET", "/v1/sales/nowhere/orders", as_operator()), 404,
                 "unknown_sale");
}

TEST_F(ListsTest, OrdersAsCsvAreSafeToOpen) {
  const auto sale = server_.sale();
  server_.call("POST", "/v1/sales/" + sale + "/orders", as_buyer("=cmd"),
               R"({"items":[{"sku":"floor","quantity":1}],"reference":"a,b"})");
  const auto csv = server_.call("GET", "/v1/sales/" + sale + "/orders",
                                with(as_operator(), "Accept", "text/csv"));
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(csv.body.starts_with("arrival,id,buyer,reference,state,")) << csv.body;
  EXPECT_NE(csv.body.find(",'=cmd,\"a,b\",held,,none,50000,KRW,floor:1,"), std::string::npos)
      << csv.body;
  EXPECT_EQ(csv.header("Cache-Control"), "no-store");
}

TEST_F(ListsTest, ArrivalsHoldEveryNumberedRequestRefusedOnesToo) {
  const auto sale = server_.sale(R"("line_limit":0)", 1);
  const auto order = server_.buy(sale, "a");
  server_.buy(sale, "b");
  server_.buy(sale, "a");
  server_.buy("nowhere", "c");  // not numbered
  const auto list = arrivals(sale, 3);
  ASSERT_EQ(list.status, 200);
  const auto& rows = list.json.as_object().at("arrivals").as_array();
  ASSERT_EQ(rows.size(), 3U) << list.body;
  const auto row = [&](std::size_t i, const char* name) {
    const auto& value = rows[i].as_object().at(name);
    return value.is_string() ? std::string(value.as_string()) : std::string("-");
  };
  EXPECT_EQ(row(0, "code"), "ok");
  EXPECT_EQ(row(0, "order"), order["id"]);
  EXPECT_TRUE(parse_rfc3339(row(0, "received_at")));
  EXPECT_EQ(row(1, "code"), "sold_out");
  EXPECT_EQ(row(1, "order"), "-");
  EXPECT_EQ(row(2, "code"), "limit_reached");
  EXPECT_EQ(buyers(arrivals(sale, 1, "?buyer=b"), "arrivals"), (Names{"b"}));
  EXPECT_EQ(buyers(arrivals(sale, 1, "?after=1&limit=1"), "arrivals"), (Names{"b"}));
  const auto csv = server_.call("GET", "/v1/sales/" + sale + "/arrivals",
                                with(as_operator(), "Accept", "text/csv"));
  EXPECT_TRUE(csv.body.starts_with("arrival,received_at,buyer,code,order\r\n1,")) << csv.body;
  expect_problem(arrivals("nowhere", 0), 404, "unknown_sale");
  expect_problem(arrivals(sale, 0, "?limit=0"), 400, "malformed");
  expect_problem(arrivals(sale, 0, "?state=held"), 400, "malformed");
}

TEST_F(ListsTest, AHistoryTellsAnOrdersEventsFromTheFirst) {
  const auto sale = server_.sale("", 1);
  const auto first = server_.buy(sale, "a")["id"];
  const auto second = server_.buy(sale, "b")["id"];
  server_.call("DELETE", "/v1/orders/" + first, as_buyer("a"));
  server_.call("POST", "/v1/orders/" + second + "/payment", as_buyer("b"), R"({"token":"tok_ok"})");
  const auto history = server_.call("GET", "/v1/orders/" + second + "/history", as_support());
  ASSERT_EQ(history.status, 200);
  Names types;
  std::int64_t seq = 0;
  for (const auto& event : history.json.as_object().at("events").as_array()) {
    types.emplace_back(event.as_object().at("type").as_string());
    EXPECT_GT(event.as_object().at("seq").to_number<std::int64_t>(), seq);
    seq = event.as_object().at("seq").to_number<std::int64_t>();
    EXPECT_TRUE(parse_rfc3339(std::string(event.as_object().at("at").as_string())));
  }
  ASSERT_GE(types.size(), 4U) << history.body;
  EXPECT_EQ(types[0], "dibs.order.waiting");
  EXPECT_EQ(types[1], "dibs.order.promoted");
  EXPECT_EQ(types[2], "dibs.order.paying");
  EXPECT_EQ(types[3], "dibs.order.paid");
  expect_problem(
      server_.call("GET", "/v1/orders/ord_aaaaaaaaaaaaaaaaaaaaaaaaaa." + sale + "/history",
                   as_support()),
      404, "unknown_order");
}

// The end of a line is one event of the sale; in the history of each who waited it is their own.
TEST_F(ListsTest, AHistoryTellsHowTheWaitOfAnOrderEnded) {
  const auto last_event = [this](const std::string& order) {
    const auto history = server_.call("GET", "/v1/orders/" + order + "/history", as_support());
    const auto& events = history.json.as_object().at("events").as_array();
    return std::string(events.back().as_object().at("type").as_string());
  };
  const auto sold_out = server_.sale("", 1);
  const auto winner = server_.buy(sold_out, "a")["id"];
  const auto loser = server_.buy(sold_out, "b")["id"];
  server_.call("POST", "/v1/orders/" + winner + "/payment", as_buyer("a"), R"({"token":"tok_ok"})");
  EXPECT_EQ(server_.call("GET", "/v1/orders/" + loser, as_buyer("b"))["state"], "sold_out");
  EXPECT_EQ(last_event(loser), "dibs.order.sold_out");

  const auto closed = server_.sale("", 1);
  server_.buy(closed, "a");
  const auto waiting = server_.buy(closed, "b")["id"];
  server_.call("POST", "/v1/sales/" + closed + "/close", as_operator());
  EXPECT_EQ(last_event(waiting), "dibs.order.closed");
}

TEST_F(ListsTest, EventsOfATestSaleAreMarked) {
  for (const bool test : {true, false}) {
    const auto sale = server_.sale(test ? R"("test":true)" : "");
    const auto order = server_.buy(sale, "a")["id"];
    const auto history = server_.call("GET", "/v1/orders/" + order + "/history", as_support());
    EXPECT_EQ(history.body.find(R"("test":true)") != std::string::npos, test) << history.body;
  }
}

}  // namespace
}  // namespace dibs::api::test

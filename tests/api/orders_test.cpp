// One order: looking, waiting for a change, paying, leaving, refunding.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

class OrdersTest : public ::testing::Test {
 protected:
  Harness server_;

  Reply get(const std::string& order, const std::string& buyer, const std::string& query = {}) {
    return server_.call("GET", "/v1/orders/" + order + query, as_buyer(buyer));
  }
  Reply pay(const std::string& order, const std::string& buyer, const std::string& token) {
    return server_.call("POST", "/v1/orders/" + order + "/payment", as_buyer(buyer),
                        R"({"token":")" + token + "\"}");
  }
  Reply leave(const std::string& order, const std::string& buyer) {
    return server_.call("DELETE", "/v1/orders/" + order, as_buyer(buyer));
  }
  Reply shop(const std::string& order, const std::string& what, const std::string& body = {}) {
    return server_.call("POST", "/v1/orders/" + order + "/" + what, as_shop(), body);
  }
  /// The order once `done` is true of it.
  Reply eventually(const std::string& order, const std::string& buyer,
                   const std::function<bool(const Reply&)>& done) {
    const auto deadline = system_clock().monotonic() + std::chrono::seconds(20);
    Reply reply = get(order, buyer);
    while (!done(reply) && system_clock().monotonic() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      reply = get(order, buyer);
    }
    EXPECT_TRUE(done(reply)) << reply.body;
    return reply;
  }
};

TEST_F(OrdersTest, AnOrderIsShownAsItIsNow) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a");
  const auto shown = get(order["id"], "a");
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.body, order.body);
  EXPECT_EQ(shown.header("ETag"), order.header("ETag"));
  EXPECT_TRUE(shown.header("ETag").starts_with("\"" + order["seq"] + "."));
}

TEST_F(OrdersTest, WhatIsNoOrderIdIsMalformedAndWhatIsOneIsUnknown) {
  const auto sale = server_.sale();
  for (const auto* bad :
       {"x", "ord_", "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa", "ord_AAAAAAAAAAAAAAAAAAAAAAAAAA.s-1",
        "ord_aaaaaaaaaaaaaaaaaaaaaaaaa.s-1", "ord_aaaaaaaaaaaaaaaaaaaaaaaaab.s-1"}) {
    expect_problem(get(bad, "a"), 400, "malformed");
  }
  expect_problem(get("ord_aaaaaaaaaaaaaaaaaaaaaaaaaa." + sale, "a"), 404, "unknown_order");
  const std::string nowhere = "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa.nowhere";
  expect_problem(get(nowhere, "a"), 404, "unknown_order");
  expect_problem(pay(nowhere, "a", "tok_ok"), 404, "unknown_order");
  expect_problem(leave(nowhere, "a"), 404, "unknown_order");
  for (const auto* what : {"begin", "confirm", "release", "refund"}) {
    expect_problem(shop(nowhere, what), 404, "unknown_order");
  }
  for (const auto* query : {"?wait=31", "?wait=-1", "?wait=1.5", "?wait=", "?wait=x", "?waits=1"}) {
    expect_problem(get(server_.buy(sale, "a")["id"], "a", query), 400, "malformed");
  }
}

TEST_F(OrdersTest, ALongPollAnswersWhenTheOrderChanges) {
  const auto sale = server_.sale("", 1);
  const auto held = server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  Client other(server_.address());
  other.send("GET", "/v1/orders/" + waiting["id"] + "?wait=30", as_buyer("b"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto before = system_clock().monotonic();
  leave(held["id"], "a");
  const auto changed = other.receive();
  EXPECT_EQ(changed["state"], "held");
  EXPECT_LT(system_clock().monotonic() - before, std::chrono::seconds(10));
  EXPECT_GT(changed.number("seq"), waiting.number("seq"));
}

TEST_F(OrdersTest, ALongPollAnswersAfterItsTimeWithTheOrderAsItIs) {
  const auto sale = server_.sale();
  const auto held = server_.buy(sale, "a");
  const auto before = system_clock().monotonic();
  const auto same = get(held["id"], "a", "?wait=1");
  EXPECT_GE(system_clock().monotonic() - before, std::chrono::seconds(1));
  EXPECT_EQ(same.body, held.body);
  EXPECT_EQ(same.header("ETag"), held.header("ETag"));
}

// The seq is that of the order's own events; what others do moves only what the ETag holds beside.
TEST_F(OrdersTest, ALongPollAnswersWhenThePositionMovesWithoutAnEventOfTheOrder) {
  const auto sale = server_.sale("", 1);
  server_.buy(sale, "a");
  const auto second = server_.buy(sale, "b");
  const auto third = server_.buy(sale, "c");
  Client other(server_.address());
  other.send("GET", "/v1/orders/" + third["id"] + "?wait=30", as_buyer("c"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto before = system_clock().monotonic();
  leave(second["id"], "b");
  const auto moved = other.receive();
  EXPECT_LT(system_clock().monotonic() - before, std::chrono::seconds(20));
  EXPECT_EQ(moved["position"], "1");
  EXPECT_EQ(moved["seq"], third["seq"]);
  EXPECT_NE(moved.header("ETag"), third.header("ETag"));
}

TEST_F(OrdersTest, ALongPollAnswersWhenAResumeMovesTheDeadline) {
  const auto sale = server_.sale();
  const auto held = server_.buy(sale, "a");
  server_.call("POST", "/v1/sales/" + sale + "/pause", as_operator());
  Client other(server_.address());
  other.send("GET", "/v1/orders/" + held["id"] + "?wait=30", as_buyer("a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto before = system_clock().monotonic();
  server_.call("POST", "/v1/sales/" + sale + "/resume", as_operator());
  const auto moved = other.receive();
  EXPECT_LT(system_clock().monotonic() - before, std::chrono::seconds(20));
  EXPECT_GT(moved["expires_at"], held["expires_at"]);
  EXPECT_EQ(moved["seq"], held["seq"]);
  EXPECT_NE(moved.header("ETag"), held.header("ETag"));
}

TEST_F(OrdersTest, ALongPollThatNamesTheOrderItKnowsMissesNothing) {
  const auto sale = server_.sale("", 1);
  const auto held = server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  leave(held["id"], "a");  // the order changes before the poll begins
  const auto at_once = server_.call("GET", "/v1/orders/" + waiting["id"] + "?wait=30",
                                    with(as_buyer("b"), "If-None-Match", waiting.header("ETag")));
  EXPECT_EQ(at_once["state"], "held");
}

TEST_F(OrdersTest, ManyLongPollsOfOneOrderAreAllAnswered) {
  const auto sale = server_.sale("", 1);
  const auto held = server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<Client>(server_.address()));
    clients.back()->send("GET", "/v1/orders/" + waiting["id"] + "?wait=30", as_buyer("b"));
  }
  leave(held["id"], "a");
  // Some polls may have begun after the change: their order then changes when it is left.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  leave(waiting["id"], "b");
  for (auto& client : clients) EXPECT_EQ(client->receive().status, 200);
}

TEST_F(OrdersTest, EndingASaleOrItsLineAnswersThePollsOfThoseWhoWait) {
  const auto sale = server_.sale("", 1);
  server_.buy(sale, "a");
  const auto waiting = server_.buy(sale, "b");
  Client other(server_.address());
  other.send("GET", "/v1/orders/" + waiting["id"] + "?wait=30", as_buyer("b"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  server_.call("POST", "/v1/sales/" + sale + "/close", as_operator());
  EXPECT_EQ(other.receive()["state"], "closed");
}

TEST_F(OrdersTest, AStoppingServerAnswersLongPollsAndRefusesNewRequests) {
  const auto sale = server_.sale("", 1);
  const auto order = server_.buy(sale, "a");
  Client other(server_.address());
  other.send("GET", "/v1/orders/" + order["id"] + "?wait=30", as_buyer("a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto before = system_clock().monotonic();
  server_.api().stop();
  EXPECT_EQ(other.receive()["id"], order["id"]);
  EXPECT_LT(system_clock().monotonic() - before, std::chrono::seconds(10));
  expect_problem(get(order["id"], "a"), 503, "unavailable");
  EXPECT_EQ(server_.call("GET", "/healthz").status, 200);
  expect_problem(server_.call("GET", "/readyz"), 503, "unavailable");
}

TEST_F(OrdersTest, TokOkIsPaidAtOnceAndCaptured) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a");
  const auto paid = pay(order["id"], "a", "tok_ok");
  EXPECT_EQ(paid.status, 200) << paid.body;
  EXPECT_EQ(paid["state"], "paid");
  EXPECT_EQ(paid["money"], "captured");
  expect_problem(pay(order["id"], "a", "tok_ok"), 409, "wrong_state");
  expect_problem(leave(order["id"], "a"), 409, "wrong_state");
}

TEST_F(OrdersTest, TokFailReleasesOrGoesBackToHeldWhileAttemptsAreLeft) {
  const auto once = server_.sale();
  const auto first = pay(server_.buy(once, "a")["id"], "a", "tok_fail");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first["state"], "released");
  EXPECT_EQ(first["reason"], "payment_failed");
  const auto twice = server_.sale(R"("payment_attempts":2)");
  const auto order = server_.buy(twice, "a")["id"];
  EXPECT_EQ(pay(order, "a", "tok_fail")["state"], "held");
  EXPECT_EQ(pay(order, "a", "tok_ok")["state"], "paid");
}

TEST_F(OrdersTest, TokLateIsPayingFirstAndARepeatShowsTheRunningAttempt) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  const auto paying = pay(order, "a", "tok_late");
  EXPECT_EQ(paying.status, 202);
  EXPECT_EQ(paying["state"], "paying");
  const auto again = pay(order, "a", "tok_fail");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again["seq"], paying["seq"]) << "no second attempt was begun";
  const auto paid = get(order, "a", "?wait=20");
  EXPECT_EQ(paid["state"], "paid") << paid.body;
  eventually(order, "a", [](const Reply& now) { return now["money"] == "captured"; });
}

TEST_F(OrdersTest, LeavingWhilePayingVoidsTheMoneyThatComesLater) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  pay(order, "a", "tok_late");
  const auto left = leave(order, "a");
  EXPECT_EQ(left.status, 200);
  EXPECT_EQ(left["state"], "released");
  EXPECT_EQ(left["reason"], "cancelled");
  const auto late = eventually(order, "a", [](const Reply& now) { return now["money"] == "void"; });
  EXPECT_EQ(late["state"], "released") << "the buyer's own leaving is not undone";
  EXPECT_NE(server_.call("GET", "/v1/sales/" + sale)["items"].find(R"("available":10)"),
            std::string::npos);
}

TEST_F(OrdersTest, OtherTokensAreMalformedNamingTheToken) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  for (const auto* token : {"tok_", "", "tok_OK", "tok_ok "}) {
    const auto refused = pay(order, "a", token);
    expect_problem(refused, 400, "malformed");
    EXPECT_NE(refused["detail"].find("token"), std::string::npos);
  }
  const std::string path = "/v1/orders/" + order + "/payment";
  for (const auto* body : {"{}", "", R"({"token":1})", R"({"token":"tok_ok","x":1})"}) {
    expect_problem(server_.call("POST", path, as_buyer("a"), body), 400, "malformed");
  }
  EXPECT_EQ(get(order, "a")["state"], "held");
}

TEST_F(OrdersTest, AWaitingOrderCannotBePaid) {
  const auto sale = server_.sale("", 1);
  server_.buy(sale, "a");
  expect_problem(pay(server_.buy(sale, "b")["id"], "b", "tok_ok"), 409, "wrong_state");
}

TEST_F(OrdersTest, PayingAfterTheHoldIsTooLate) {
  const auto sale = server_.sale(R"("hold_seconds":1)");
  const auto order = server_.buy(sale, "a")["id"];
  eventually(order, "a", [](const Reply& now) { return now["state"] == "released"; });
  expect_problem(pay(order, "a", "tok_ok"), 409, "too_late");
}

TEST_F(OrdersTest, LeavingGivesTheUnitBackToTheHeadAndMayBeRepeated) {
  const auto sale = server_.sale("", 1);
  const auto first = server_.buy(sale, "a")["id"];
  const auto second = server_.buy(sale, "b")["id"];
  const auto third = server_.buy(sale, "c")["id"];
  EXPECT_EQ(leave(third, "c")["reason"], "cancelled") << "also from the line";
  EXPECT_EQ(leave(first, "a")["state"], "released");
  EXPECT_EQ(leave(first, "a").status, 200);
  EXPECT_EQ(get(second, "b")["state"], "held");
}

TEST_F(OrdersTest, TheShopsTwoPhasesMayEachBeRepeated) {
  const auto sale = server_.sale(R"("payment":"shop")");
  const auto order = server_.buy(sale, "a")["id"];
  for (int i = 0; i < 2; ++i) {
    const auto begun = shop(order, "begin");
    EXPECT_EQ(begun.status, 200) << begun.body;
    EXPECT_EQ(begun["state"], "paying");
  }
  for (int i = 0; i < 2; ++i) {
    const auto confirmed = shop(order, "confirm");
    EXPECT_EQ(confirmed.status, 200);
    EXPECT_EQ(confirmed["state"], "paid");
    EXPECT_EQ(confirmed["money"], "captured");
  }
  expect_problem(shop(order, "release"), 409, "wrong_state");
  const auto other = server_.buy(sale, "b")["id"];
  for (int i = 0; i < 2; ++i) {
    const auto released = shop(other, "release", R"({"reason":"payment_failed"})");
    EXPECT_EQ(released.status, 200);
    EXPECT_EQ(released["state"], "released");
    EXPECT_EQ(released["reason"], "payment_failed");
  }
  for (const auto* body : {R"({"reason":"expired"})", R"({"reason":1})", R"({"x":1})", "[]"}) {
    expect_problem(shop(other, "release", body), 400, "malformed");
  }
  for (const auto* what : {"begin", "confirm"}) {
    expect_problem(shop(other, what, R"({"x":1})"), 400, "malformed");
  }
}

TEST_F(OrdersTest, AConfirmAfterTheHoldIsTakenOnlyIfItTakesNothingFromAnybody) {
  const auto sale = server_.sale(R"("payment":"shop","hold_seconds":1)", 1);
  const auto first = server_.buy(sale, "a")["id"];
  const auto second = server_.buy(sale, "b")["id"];
  eventually(first, "a", [](const Reply& now) { return now["state"] == "released"; });
  expect_problem(shop(first, "confirm"), 409, "too_late");
  EXPECT_EQ(shop(second, "release").status, 200);
  EXPECT_EQ(get(second, "b")["state"], "released");

  const auto roomy = server_.sale(R"("payment":"shop","hold_seconds":1)", 1);
  const auto order = server_.buy(roomy, "a")["id"];
  eventually(order, "a", [](const Reply& now) { return now["state"] == "released"; });
  EXPECT_EQ(shop(order, "confirm")["state"], "paid");
}

TEST_F(OrdersTest, EachWayOfPaymentRefusesTheOthersCallsAsWrongState) {
  const auto by_shop = server_.buy(server_.sale(R"("payment":"shop")"), "a")["id"];
  expect_problem(pay(by_shop, "a", "tok_ok"), 409, "wrong_state");
  const auto by_provider = server_.buy(server_.sale(), "a")["id"];
  for (const auto* what : {"begin", "confirm", "release"}) {
    expect_problem(shop(by_provider, what), 409, "wrong_state");
    expect_problem(server_.call("POST", "/v1/orders/" + by_provider + "/" + what, as_shop("b")),
                   404, "unknown_order");
  }
}

TEST_F(OrdersTest, ARefundBringsTheMoneyBackAndWithRestockTheUnitToo) {
  const auto sale = server_.sale("", 2);
  const auto order = server_.buy(sale, "a")["id"];
  server_.buy(sale, "c");  // may still leave, so the line goes on when `a` has paid
  const auto waiting = server_.buy(sale, "b")["id"];
  expect_problem(shop(order, "refund"), 409, "wrong_state");
  pay(order, "a", "tok_ok");
  const auto refunded = shop(order, "refund", R"({"restock":true})");
  EXPECT_EQ(refunded.status, 202) << refunded.body;
  EXPECT_EQ(refunded["state"], "released");
  EXPECT_EQ(refunded["reason"], "refunded");
  EXPECT_EQ(get(waiting, "b")["state"], "held") << "promoted in the same step";
  eventually(order, "a", [](const Reply& now) { return now["money"] == "refunded"; });
}

TEST_F(OrdersTest, ARefundWithoutRestockKeepsTheUnitSold) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  pay(order, "a", "tok_ok");
  const auto due = server_.call("POST", "/v1/orders/" + order + "/refund", as_operator());
  EXPECT_EQ(due.status, 202);
  EXPECT_EQ(due["state"], "paid");
  eventually(order, "a", [](const Reply& now) { return now["money"] == "refunded"; });
  expect_problem(
      server_.call("POST", "/v1/orders/" + order + "/refund", as_operator(), R"({"restock":1})"),
      400, "malformed");
}

TEST_F(OrdersTest, WhereTheShopTakesTheMoneyARefundIsDoneAtOnce) {
  const auto sale = server_.sale(R"("payment":"shop")");
  const auto order = server_.buy(sale, "a")["id"];
  shop(order, "confirm");
  for (const auto& caller : {as_operator(), as_shop()}) {
    const auto refunded = server_.call("POST", "/v1/orders/" + order + "/refund", caller);
    EXPECT_EQ(refunded.status, 202);
    EXPECT_EQ(refunded["money"], "refunded");
  }
}

}  // namespace
}  // namespace dibs::api::test

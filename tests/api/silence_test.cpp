// A store that does not answer: everybody who asks it is told so in time, and once it goes on
// nothing was done twice. The store hangs for longer than the API's patience, then goes on.
#include <gtest/gtest.h>

#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

class SilenceTest : public ::testing::Test {
 protected:
  static HarnessOptions impatient() {
    auto options = usual();
    options.api.store_patience = std::chrono::seconds(5);
    options.api.journal_patience = std::chrono::seconds(5);
    return options;
  }
  Harness server_{impatient()};
  std::vector<std::unique_ptr<Client>> clients_;

  void send(std::string_view method, const std::string& path, const Headers& headers = {},
            std::string_view body = {}) {
    clients_.push_back(std::make_unique<Client>(server_.address()));
    clients_.back()->send(method, path, headers, body);
  }
};

TEST_F(SilenceTest, CommandsAreAnsweredUnknownOutcomeAndReadsUnavailable) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  server_.store().fall_silent();

  send("POST", "/v1/sales/" + sale + "/orders", with(as_buyer("b"), "Idempotency-Key", "k"),
       R"({"items":[{"sku":"floor","quantity":1}]})");
  send("POST", "/v1/orders/" + order + "/payment", as_buyer("a"), R"({"token":"tok_ok"})");
  send("DELETE", "/v1/orders/" + order, as_buyer("a"));
  send("POST", "/v1/orders/" + order + "/refund", as_operator());
  send("POST", "/v1/sales/" + sale + "/pause", as_operator());
  const auto commands = clients_.size();
  for (const auto& path : {"/v1/sales/" + sale + "/orders", "/v1/sales/" + sale + "/arrivals",
                           std::string("/v1/sales"), "/v1/orders/" + order,
                           "/v1/orders/" + order + "?wait=30", "/v1/orders/" + order + "/history",
                           "/v1/orders/" + order + "/events", std::string("/readyz")}) {
    send("GET", path, as_operator());
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    SCOPED_TRACE(i);
    expect_problem(clients_[i]->receive(), 503, i < commands ? "unknown_outcome" : "unavailable");
  }
  EXPECT_EQ(server_.call("GET", "/healthz").status, 200);
  EXPECT_EQ(server_.call("GET", "/v1/sales/" + sale).status, 200) << "the newest durable view";
}

TEST_F(SilenceTest, WhatHungHasBeenDoneOnceAndItsKeyTellsTheTruth) {
  const auto sale = server_.sale();
  server_.store().fall_silent();
  expect_problem(server_.buy(sale, "b", "k"), 503, "unknown_outcome");
  server_.store().speak();
  const auto again = server_.buy(sale, "b", "k");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(again["arrival"], "1");
  EXPECT_EQ(server_.call("GET", "/readyz").status, 200);
}

TEST_F(SilenceTest, AnAnswerThatComesInTimeIsTheStores) {
  const auto sale = server_.sale();
  server_.store().fall_silent();
  send("GET", "/v1/sales", as_operator());
  while (server_.store().kept() == 0) std::this_thread::yield();
  server_.store().speak();
  EXPECT_NE(clients_[0]->receive().body.find(sale), std::string::npos);
}

// The answer comes after the opening; what is in it is as of the press, which was before.
TEST_F(SilenceTest, NotOpenSaysWhatWasTrueForThePressHoweverLateItIsAnswered) {
  const auto opens_at = std::chrono::floor<std::chrono::milliseconds>(
      system_clock().now() + std::chrono::milliseconds(1'500));
  const auto sale = server_.sale("\"opens_at\":\"" + to_rfc3339(opens_at) + "\"");
  server_.store().fall_silent();
  send("POST", "/v1/sales/" + sale + "/orders", as_buyer("a"),
       R"({"items":[{"sku":"floor","quantity":1}]})");
  while (server_.store().kept() == 0) std::this_thread::yield();
  std::this_thread::sleep_until(opens_at + std::chrono::milliseconds(10));
  server_.store().speak();
  const auto refused = clients_[0]->receive();
  expect_problem(refused, 403, "not_open", true);
  EXPECT_GT(refused.number("opens_in_ms"), 0);
  EXPECT_NE(refused.header("Retry-After"), "0");
  EXPECT_LT(*parse_rfc3339(refused["server_time"]), opens_at);
}

}  // namespace
}  // namespace dibs::api::test

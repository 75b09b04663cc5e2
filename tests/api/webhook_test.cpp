// What the payment provider tells by itself: believed only when it is authentic, fresh, new, and
// fits its order.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "api/harness.h"
#include "payment/wire.h"
#include "webhook/signature.h"

namespace dibs::api::test {
namespace {

/// Waits for webhooks alone.
class ToldProvider final : public payment::Provider {
 public:
  void authorise(const payment::Attempt& attempt,
                 std::move_only_function<void(payment::Verdict)> done) override {
    const std::lock_guard lock(mutex_);
    waiting_[attempt.key] = std::move(done);
  }
  void capture(const OrderId& /*order*/, std::int64_t /*amount*/,
               std::move_only_function<void(bool)> done) override {
    done(true);
  }
  void void_authorisation(const OrderId& /*order*/,
                          std::move_only_function<void(bool)> done) override {
    done(true);
  }
  void refund(const OrderId& /*order*/, std::move_only_function<void(bool)> done) override {
    done(true);
  }
  bool hear(const payment::Told& told) override {
    std::move_only_function<void(payment::Verdict)> done;
    {
      const std::lock_guard lock(mutex_);
      ++heard;
      const auto found = waiting_.find(told.key);
      if (found == waiting_.end() || !told.verdict) return false;
      done = std::move(found->second);
      waiting_.erase(found);
    }
    done(*told.verdict);
    return true;
  }
  [[nodiscard]] bool answers_at_once(std::string_view /*token*/) const override { return false; }

  int heard = 0;

 private:
  std::mutex mutex_;
  std::map<std::string, std::move_only_function<void(payment::Verdict)>> waiting_;
};

class WebhookTest : public testing::Test {
 protected:
  static HarnessOptions options_for(payment::Provider& provider, const webhook::Secret& secret) {
    auto options = usual();
    options.provider = &provider;
    options.api.webhook_secrets = {secret};
    return options;
  }

  WebhookTest() : server_(options_for(provider_, secret_)), sale_(server_.sale("", 1)) {
    const auto held = server_.buy(sale_, "a");
    order_ = held["id"];
    const auto paying = server_.call("POST", "/v1/orders/" + order_ + "/payment", as_buyer("a"),
                                     R"({"token":"any"})");
    EXPECT_EQ(paying.status, 202);
    event_.type = "payment_intent.requires_capture";
    event_.intent = {.id = "pi_1",
                     .key = order_ + ":" + std::to_string(static_cast<int>(paying.number("seq"))),
                     .order = order_,
                     .amount = 50'000,
                     .currency = "KRW",
                     .status = payment::Intent::Status::requires_capture};
  }

  Reply send(const payment::IntentEvent& event, const std::string& id = "evt_1",
             Duration ago = Duration(0), const std::vector<webhook::Secret>& by = {}) {
    const std::string body = to_json(event);
    const auto signature =
        webhook::sign(id, system_clock().now() - ago, body, by.empty() ? std::vector{secret_} : by);
    return send_as_is(signature, body);
  }
  Reply send_as_is(const webhook::Signature& signature, const std::string& body) {
    return server_.call("POST", "/v1/payments/webhook",
                        {{"webhook-id", signature.id},
                         {"webhook-timestamp", signature.timestamp},
                         {"webhook-signature", signature.signature}},
                        body);
  }
  std::string state() {
    return server_.call("GET", "/v1/orders/" + order_, as_buyer("a"))["state"];
  }
  std::string state_in_the_end() {
    for (int i = 0; i < 500 && state() == "paying"; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return state();
  }

  const webhook::Secret secret_ = webhook::Secret::random();
  ToldProvider provider_;
  Harness server_;
  std::string sale_;
  std::string order_;
  payment::IntentEvent event_;
};

TEST_F(WebhookTest, AnAuthenticOneDecidesTheAttempt) {
  EXPECT_EQ(send(event_)["status"], "taken");
  EXPECT_EQ(state_in_the_end(), "paid");
}

TEST_F(WebhookTest, ADeclineReleases) {
  event_.intent.status = payment::Intent::Status::declined;
  EXPECT_EQ(send(event_)["status"], "taken");
  EXPECT_EQ(state_in_the_end(), "released");
}

TEST_F(WebhookTest, TheSameEventIsHeardOnce) {
  event_.intent.status = payment::Intent::Status::processing;  // decides nothing
  EXPECT_EQ(send(event_)["status"], "taken");
  EXPECT_EQ(send(event_)["status"], "known");
  EXPECT_EQ(send(event_, "evt_2")["status"], "taken");
  EXPECT_EQ(provider_.heard, 2);
}

TEST_F(WebhookTest, AForgedOneIsRefused) {
  expect_problem(send(event_, "evt_1", Duration(0), {webhook::Secret::random()}), 401,
                 "unauthenticated");
  const std::string body = to_json(event_);
  auto signature = webhook::sign("evt_1", system_clock().now(), body, {secret_});
  expect_problem(send_as_is(signature, body + " "), 401, "unauthenticated");
  signature.id = "evt_9";
  expect_problem(send_as_is(signature, body), 401, "unauthenticated");
  EXPECT_EQ(state(), "paying");
  EXPECT_EQ(provider_.heard, 0);
}

TEST_F(WebhookTest, OneOutsideTheWindowIsRefused) {
  expect_problem(send(event_, "evt_1", std::chrono::seconds(302)), 401, "unauthenticated");
  expect_problem(send(event_, "evt_1", -std::chrono::seconds(302)), 401, "unauthenticated");
  EXPECT_EQ(state(), "paying");
  EXPECT_EQ(send(event_, "evt_1", std::chrono::seconds(290))["status"], "taken");
}

TEST_F(WebhookTest, OneThatDoesNotFitItsOrderIsRefusedThoughSigned) {
  const auto refused = [this](void (*change)(payment::Intent&), int status, const char* code) {
    auto other = event_;
    change(other.intent);
    expect_problem(send(other), status, code);
  };
  refused([](payment::Intent& intent) { intent.amount = 49'999; }, 400, "malformed");
  refused([](payment::Intent& intent) { intent.currency = "USD"; }, 400, "malformed");
  refused([](payment::Intent& intent) { intent.key = "ord_else:1"; }, 400, "malformed");
  refused([](payment::Intent& intent) { intent.order = "pi_1"; }, 400, "malformed");
  refused(
      [](payment::Intent& intent) {
        intent.order = "ord_" + std::string(26, 'a') + intent.order.substr(intent.order.find('.'));
      },
      404, "unknown_order");
  EXPECT_EQ(state(), "paying");
  EXPECT_EQ(provider_.heard, 0);
}

TEST_F(WebhookTest, AnotherOrdersEventDoesNotPayThisOne) {
  const auto sale = server_.sale("", 1);
  const std::string foreign = server_.buy(sale, "b")["id"];
  event_.intent.order = foreign;  // and this order's attempt
  expect_problem(send(event_), 400, "malformed");
  event_.intent.key = foreign + ":7";
  EXPECT_EQ(send(event_)["status"], "taken");
  EXPECT_EQ(state(), "paying");
  EXPECT_EQ(server_.call("GET", "/v1/orders/" + foreign, as_buyer("b"))["state"], "held");
}

TEST_F(WebhookTest, HeadersAndBodyMustBeThere) {
  expect_problem(server_.call("POST", "/v1/payments/webhook", {}, "{}"), 400, "malformed");
  const std::string empty = "{}";
  expect_problem(send_as_is(webhook::sign("evt_1", system_clock().now(), empty, {secret_}), empty),
                 400, "malformed");
}

TEST(WebhookWithoutSecret, IsRefused) {
  Harness server;
  const std::string body = "{}";
  const auto signature =
      webhook::sign("evt_1", system_clock().now(), body, {webhook::Secret::random()});
  expect_problem(server.call("POST", "/v1/payments/webhook",
                             {{"webhook-id", signature.id},
                              {"webhook-timestamp", signature.timestamp},
                              {"webhook-signature", signature.signature}},
                             body),
                 401, "unauthenticated");
}

}  // namespace
}  // namespace dibs::api::test

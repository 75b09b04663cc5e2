// The client of the protocol against the real sandbox, over real sockets.
#include "payment/http_provider.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "sandbox/sandbox.h"

namespace dibs::payment {
namespace {

OrderId order(std::uint8_t number) {
  OrderId id;
  id.key.bytes[0] = number;
  id.sale = SaleId("concert");
  return id;
}

Attempt attempt(std::uint8_t number, const std::string& token) {
  return {.order = order(number),
          .amount = 500,
          .currency = "KRW",
          .token = token,
          .key = to_text(order(number)) + ":1"};
}

class HttpProviderTest : public testing::Test {
 protected:
  HttpProviderTest() {
    sandbox::Sandbox::Options options;
    options.listen = "127.0.0.1:0";
    options.data = ":memory:";
    options.faults.delay_ms = 0;
    options.faults.late_ms = 50;
    sandbox_ = std::move(sandbox::Sandbox::start(std::move(options), system_clock()).value());
    HttpProvider::Options client;
    client.url = "http://" + sandbox_->address() + "/";
    client.patience = std::chrono::milliseconds(500);
    client.on_warning = [this](const std::string& warning) {
      const std::lock_guard lock(mutex_);
      warnings_.push_back(warning);
    };
    provider_ = std::move(make_http_provider(std::move(client), system_clock()).value());
  }

  Verdict authorise(const Attempt& attempt) {
    std::promise<Verdict> verdict;
    provider_->authorise(attempt, [&](Verdict told) { verdict.set_value(told); });
    return verdict.get_future().get();
  }
  template <class Call>
  bool done(Call call) {
    std::promise<bool> told;
    call([&](bool is) { told.set_value(is); });
    return told.get_future().get();
  }
  bool capture(std::uint8_t number, std::int64_t amount = 500) {
    return done([&](auto tell) { provider_->capture(order(number), amount, tell); });
  }
  bool give_up(std::uint8_t number) {
    return done([&](auto tell) { provider_->void_authorisation(order(number), tell); });
  }
  bool refund(std::uint8_t number) {
    return done([&](auto tell) { provider_->refund(order(number), tell); });
  }
  std::vector<OpenPayment> open() {
    std::promise<std::vector<OpenPayment>> told;
    provider_->open_payments(
        [&](std::vector<OpenPayment> payments) { told.set_value(std::move(payments)); });
    return told.get_future().get();
  }
  std::optional<Verdict> look_up(const std::string& key) {
    std::promise<std::optional<Verdict>> told;
    provider_->look_up(key, [&](std::optional<Verdict> verdict) { told.set_value(verdict); });
    return told.get_future().get();
  }

  std::mutex mutex_;
  std::vector<std::string> warnings_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<HttpProvider> provider_;
};

TEST_F(HttpProviderTest, AuthorisesAndDeclinesByToken) {
  EXPECT_EQ(authorise(attempt(1, "tok_ok")), Verdict::authorised);
  EXPECT_EQ(authorise(attempt(2, "tok_fail")), Verdict::declined);
  EXPECT_EQ(authorise(attempt(3, "tok_late")), Verdict::authorised);
  EXPECT_EQ(authorise(attempt(4, "no such card")), Verdict::declined);
}

TEST_F(HttpProviderTest, TheSameAttemptIsOnePayment) {
  EXPECT_EQ(authorise(attempt(1, "tok_ok")), Verdict::authorised);
  EXPECT_EQ(authorise(attempt(1, "tok_ok")), Verdict::authorised);
  EXPECT_EQ(open().size(), 1U);
  auto dearer = attempt(1, "tok_ok");
  dearer.amount = 501;
  EXPECT_EQ(authorise(dearer), Verdict::declined) << "the key is taken";
}

TEST_F(HttpProviderTest, CapturesOnceAndGivesBackOnce) {
  authorise(attempt(1, "tok_ok"));
  EXPECT_TRUE(capture(1));
  EXPECT_TRUE(capture(1)) << "had been done before";
  EXPECT_TRUE(open().empty());
  EXPECT_TRUE(refund(1));
  EXPECT_TRUE(refund(1)) << "had been done before";
  EXPECT_FALSE(refund(2)) << "nothing was taken";
}

TEST_F(HttpProviderTest, ARefusedCaptureLeavesNothingReserved) {
  authorise(attempt(1, "tok_capture_fail"));
  EXPECT_FALSE(capture(1));
  EXPECT_FALSE(capture(1));
  EXPECT_TRUE(open().empty());
}

TEST_F(HttpProviderTest, WhatIsReservedOfAnotherAmountIsNotTaken) {
  authorise(attempt(1, "tok_ok"));
  EXPECT_FALSE(capture(1, 499));
  EXPECT_TRUE(open().empty());
}

TEST_F(HttpProviderTest, OfTwoAuthorisationsOneIsTakenAndOneGivenUp) {
  authorise(attempt(1, "tok_ok"));
  auto second = attempt(1, "tok_ok");
  second.key += "1";
  authorise(second);
  EXPECT_EQ(open().size(), 2U);
  EXPECT_TRUE(capture(1));
  EXPECT_TRUE(open().empty());
}

TEST_F(HttpProviderTest, AnAuthorisationIsGivenUp) {
  authorise(attempt(1, "tok_ok"));
  ASSERT_EQ(open().size(), 1U);
  EXPECT_EQ(open().front().order, order(1));
  EXPECT_EQ(open().front().amount, 500);
  EXPECT_TRUE(give_up(1));
  EXPECT_TRUE(give_up(1));
  EXPECT_TRUE(open().empty());
  EXPECT_FALSE(capture(1));
}

TEST_F(HttpProviderTest, AnAttemptIsLookedUpByItsKey) {
  authorise(attempt(1, "tok_ok"));
  authorise(attempt(2, "tok_fail"));
  EXPECT_EQ(look_up(attempt(1, "").key), Verdict::authorised);
  EXPECT_EQ(look_up(attempt(2, "").key), Verdict::declined);
  EXPECT_EQ(look_up(attempt(3, "").key), std::nullopt);
}

TEST_F(HttpProviderTest, AWebhookEndsTheWait) {
  std::promise<Verdict> verdict;
  auto late = attempt(1, "tok_late");
  provider_->authorise(late, [&](Verdict told) { verdict.set_value(told); });
  Told told{.order = late.order, .key = late.key, .amount = 500, .currency = "KRW", .verdict = {}};
  EXPECT_FALSE(provider_->hear(told)) << "it decides nothing";
  told.verdict = Verdict::declined;
  EXPECT_TRUE(provider_->hear(told));
  EXPECT_FALSE(provider_->hear(told)) << "nobody waits any more";
  EXPECT_EQ(verdict.get_future().get(), Verdict::declined);
}

TEST_F(HttpProviderTest, ADeadProviderClosesTheDoorAndIsAskedUntilItIsBack) {
  const std::string address = sandbox_->address();
  sandbox_.reset();
  std::promise<Verdict> verdict;
  provider_->authorise(attempt(1, "tok_ok"), [&](Verdict told) { verdict.set_value(told); });
  for (int i = 0; i < 2'000 && !provider_->closed_for(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(provider_->closed_for());
  sandbox::Sandbox::Options options;
  options.listen = address;
  options.data = ":memory:";
  sandbox_ = std::move(sandbox::Sandbox::start(std::move(options), system_clock()).value());
  EXPECT_EQ(verdict.get_future().get(), Verdict::authorised);
  EXPECT_FALSE(provider_->closed_for());
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[0].find("again and again"), std::string::npos);
  EXPECT_NE(warnings_[1].find("is back"), std::string::npos);
}

TEST(HttpProviderOptions, AUrlMustBeOne) {
  for (const char* bad : {"", "127.0.0.1:8090", "ftp://x", "http://a b", "http://a?b"}) {
    HttpProvider::Options options;
    options.url = bad;
    EXPECT_FALSE(make_http_provider(std::move(options), system_clock())) << bad;
  }
}

}  // namespace
}  // namespace dibs::payment

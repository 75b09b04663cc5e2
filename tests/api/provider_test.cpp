// The way through a provider that takes its time.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

/// Waits until `condition` holds; whether it does, within 20 seconds.
bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = system_clock().monotonic() + std::chrono::seconds(20);
  while (!condition()) {
    if (system_clock().monotonic() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// A provider that is asked and answers when the test says so.
class SlowProvider final : public payment::Provider {
 public:
  void authorise(const payment::Attempt& attempt,
                 std::move_only_function<void(payment::Verdict)> done) override {
    keys.push_back(attempt.key);
    verdict = std::move(done);
    asked.set_value();
  }
  void capture(const OrderId& /*order*/, std::int64_t /*amount*/,
               std::move_only_function<void(bool)> done) override {
    done(captures);
  }
  void void_authorisation(const OrderId& /*order*/,
                          std::move_only_function<void(bool)> done) override {
    ++voids;
    done(true);
  }
  void refund(const OrderId& /*order*/, std::move_only_function<void(bool)> done) override {
    done(true);
  }
  [[nodiscard]] bool answers_at_once(std::string_view /*token*/) const override { return false; }

  std::promise<void> asked;
  std::move_only_function<void(payment::Verdict)> verdict;
  std::vector<std::string> keys;
  bool captures = true;
  std::atomic<int> voids = 0;
};

TEST(SlowProviderTest, AFinallyRefusedCaptureReleasesTheUnit) {
  SlowProvider provider;
  provider.captures = false;
  auto options = usual();
  options.provider = &provider;
  Harness server(options);
  const auto sale = server.sale("", 2);
  const auto order = server.buy(sale, "a")["id"];
  server.buy(sale, "c");  // may still leave, so the line goes on when `a` has paid
  const auto waiting = server.buy(sale, "b")["id"];
  EXPECT_EQ(
      server.call("POST", "/v1/orders/" + order + "/payment", as_buyer("a"), R"({"token":"any"})")
          .status,
      202);
  provider.asked.get_future().wait();
  ASSERT_EQ(provider.keys.size(), 1U);
  EXPECT_TRUE(provider.keys[0].starts_with(order + ":"));
  Client other(server.address());
  other.send("GET", "/v1/orders/" + waiting + "?wait=20", as_buyer("b"));
  provider.verdict(payment::Verdict::authorised);
  EXPECT_EQ(other.receive()["state"], "held");
  const auto released = server.call("GET", "/v1/orders/" + order, as_buyer("a"));
  EXPECT_EQ(released["reason"], "capture_failed");
}

TEST(SlowProviderTest, AnAuthorisationThatComesAfterTheHoldIsVoidedOnceAtTheProvider) {
  SlowProvider provider;
  auto options = usual();
  options.provider = &provider;
  Harness server(options);
  const auto sale = server.sale(R"("hold_seconds":1,"payment_seconds":1)", 1);
  const auto order = server.buy(sale, "a")["id"];
  const auto waiting = server.buy(sale, "b")["id"];
  server.call("POST", "/v1/orders/" + order + "/payment", as_buyer("a"), R"({"token":"any"})");
  provider.asked.get_future().wait();
  const auto promoted = server.call("GET", "/v1/orders/" + waiting + "?wait=20",
                                    with(as_buyer("b"), "If-None-Match", "\"0\""));
  Client other(server.address());
  ASSERT_TRUE(comes_true([&] {
    return other.call("GET", "/v1/orders/" + waiting, as_buyer("b"))["state"] != "waiting";
  }));
  provider.verdict(payment::Verdict::authorised);
  ASSERT_TRUE(comes_true([&] { return provider.voids > 0; }));
  EXPECT_EQ(provider.voids, 1);
  EXPECT_EQ(server.call("GET", "/v1/orders/" + order, as_buyer("a"))["money"], "void");
  EXPECT_EQ(server.call("GET", "/v1/orders/" + waiting, as_buyer("b"))["state"], "held");
}

TEST(SlowProviderTest, AVerdictThatComesAfterTheServerHasGoneReachesNobody) {
  SlowProvider provider;
  auto options = usual();
  options.provider = &provider;
  {
    Harness server(options);
    const auto order = server.buy(server.sale(), "a")["id"];
    server.call("POST", "/v1/orders/" + order + "/payment", as_buyer("a"), R"({"token":"any"})");
    provider.asked.get_future().wait();
  }
  provider.verdict(payment::Verdict::authorised);
}

}  // namespace
}  // namespace dibs::api::test

// Payments that an earlier process left, taken up while their buyers press again.
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "api/harness.h"

namespace dibs::api::test {
namespace {

/// A provider with all the money reserved, that remembers whose it took.
class TakingProvider final : public payment::Provider {
 public:
  void authorise(const payment::Attempt& /*attempt*/,
                 std::move_only_function<void(payment::Verdict)> /*done*/) override {}
  void capture(const OrderId& order, std::int64_t /*amount*/,
               std::move_only_function<void(bool)> done) override {
    {
      const std::lock_guard lock(mutex_);
      taken_.insert(to_text(order));
    }
    taken_one_.notify_all();
    done(true);
  }
  void void_authorisation(const OrderId& /*order*/,
                          std::move_only_function<void(bool)> done) override {
    done(true);
  }
  void refund(const OrderId& /*order*/, std::move_only_function<void(bool)> done) override {
    done(true);
  }
  [[nodiscard]] bool answers_at_once(std::string_view /*token*/) const override { return false; }

  /// Whether the money of `order` is taken, now or soon.
  bool takes(const std::string& order) {
    std::unique_lock lock(mutex_);
    return taken_one_.wait_for(lock, std::chrono::seconds(20),
                               [&] { return taken_.contains(order); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable taken_one_;
  std::set<std::string> taken_;
};

/// Told to the sale as by a process that ended between `paid` and the capture.
void pay_for_but_do_not_take(Harness& server, const std::string& order) {
  const OrderId id = parse_order_id(order).value();
  const auto tell = [&](sale::Command::Action action) {
    std::promise<sale::Code> told;
    server.engine().submit({system_clock().now(), store::kNoLoop, 0}, id.sale,
                           {std::move(action), {}, {}},
                           [&](Result<sale::Outcome> result) { told.set_value(result->code); });
    EXPECT_EQ(told.get_future().get(), sale::Code::ok);
  };
  tell(sale::BeginPayment{id.key});
  tell(sale::PaymentSucceeded{id.key, false});
}

TEST(PaymentsTakenUp, also_where_the_buyer_presses_again_just_then) {
  TakingProvider provider;
  auto options = usual();
  options.provider = &provider;
  Harness server(options);
  const auto sale = server.sale("", 2);
  const auto pressed = server.buy(sale, "a")["id"];
  const auto other = server.buy(sale, "b")["id"];
  pay_for_but_do_not_take(server, pressed);
  pay_for_but_do_not_take(server, other);

  server.store().fall_silent();
  Client buyer(server.address());
  buyer.send("POST", "/v1/orders/" + pressed + "/payment", as_buyer("a"), R"({"token":"any"})");
  for (int i = 0; i < 2'000 && server.store().kept() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(server.store().kept(), 1U) << "the press is under way";
  server.store().answer_what_comes();
  server.api().begin();
  ASSERT_TRUE(provider.takes(other)) << "which comes after the other in the list";
  server.store().speak();
  EXPECT_EQ(buyer.receive()["code"], "wrong_state") << "it is paid";
  EXPECT_TRUE(provider.takes(pressed)) << "or its money would be reserved, or taken, for ever";
}

}  // namespace
}  // namespace dibs::api::test

// What goes wrong with a lock, each time with exact counts on a real redis-server.

#include <atomic>
#include <latch>
#include <string>
#include <vector>

#include "baselines/shop.h"

namespace dibs::baselines {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLock = "shop:{rush}:lock";

TEST(Lock, refuses_by_luck_while_units_lie_there_and_serves_a_later_one) {
  Shop shop({.design = "lock", .stock = 10});
  shop.make_slow("anna");
  auto anna = shop.press("anna");
  shop.await_paying("anna");
  int refused = 0;
  for (const char* buyer : {"b1", "b2", "b3", "b4", "b5"}) {
    refused += Shop::lock_failed(shop.buy(buyer)) ? 1 : 0;
  }
  shop.let_pay("anna");
  EXPECT_EQ(anna.wait()->order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.buy("late").order->state, sale::OrderState::paid);
  EXPECT_EQ(refused, 5);
  EXPECT_EQ(shop.item().sold, 2);
  EXPECT_EQ(shop.stock_in_redis(), "8") << "eight units, and five people who were sent away";
}

TEST(Lock, sells_one_unit_three_times_when_payments_take_longer_than_the_lock) {
  Shop shop({.design = "lock", .stock = 1});
  std::vector<Shop::Answer> answers;
  for (const char* buyer : {"anna", "ben", "cleo"}) {
    shop.make_slow(buyer);
    answers.push_back(shop.press(buyer));
    shop.await_paying(buyer);
    shop.end_lock();
  }
  for (const char* buyer : {"anna", "ben", "cleo"}) shop.let_pay(buyer);
  for (auto& answer : answers) EXPECT_EQ(answer.wait()->order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.item().sold, 3);
  EXPECT_EQ(shop.stock_in_redis(), "-2");
}

TEST(Lock, takes_the_lock_of_the_next_away_when_its_own_has_ended) {
  Shop shop({.design = "lock", .stock = 2});
  for (const char* buyer : {"anna", "ben", "cleo"}) shop.make_slow(buyer);
  auto anna = shop.press("anna");
  shop.await_paying("anna");
  shop.end_lock();
  auto ben = shop.press("ben");  // has the lock now, and pays
  shop.await_paying("ben");
  EXPECT_EQ(shop.redis({"EXISTS", kLock}), "1");
  shop.let_pay("anna");
  EXPECT_EQ(anna.wait()->order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.redis({"EXISTS", kLock}), "0") << "ben is still inside";
  auto cleo = shop.press("cleo");  // sees the unit that ben is paying for
  shop.await_paying("cleo");
  for (const char* buyer : {"ben", "cleo"}) shop.let_pay(buyer);
  EXPECT_EQ(ben.wait()->order->state, sale::OrderState::paid);
  EXPECT_EQ(cleo.wait()->order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.item().sold, 3);
  EXPECT_EQ(shop.stock_in_redis(), "-1");
}

TEST(Lock, keeps_the_unit_when_the_payment_fails_and_takes_10_seconds_for_its_lock) {
  Shop shop({.design = "lock", .stock = 1});
  shop.make_slow("anna");
  auto anna = shop.press("anna", false);
  shop.await_paying("anna");
  const int left_ms = std::stoi(shop.redis({"PTTL", kLock}));
  EXPECT_GT(left_ms, 0);
  EXPECT_LE(left_ms, 10'000);
  shop.let_pay("anna");
  const auto failed = anna.wait();
  EXPECT_EQ(failed->order->state, sale::OrderState::released);
  EXPECT_EQ(failed->order->reason, sale::Reason::payment_failed);
  EXPECT_EQ(shop.stock_in_redis(), "1");
  EXPECT_EQ(shop.item().available, 1);
  EXPECT_EQ(shop.buy("ben").order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.buy("cleo").code, sale::Code::sold_out);
}

TEST(LockImproved, gives_a_returned_unit_to_whoever_presses_next) {
  Shop shop({.design = "lock-improved", .stock = 1});
  const auto anna = shop.buy("anna");
  EXPECT_EQ(anna.order->state, sale::OrderState::held);
  EXPECT_EQ(shop.buy("ben").code, sale::Code::sold_out);
  shop.pay(anna, false);
  const auto cleo = shop.buy("cleo");
  EXPECT_EQ(cleo.order->state, sale::OrderState::held) << "ben came before";
  shop.pay(cleo, true);
  EXPECT_EQ(shop.recorded(cleo), sale::OrderState::paid);
  EXPECT_EQ(shop.item().sold, 1);
  EXPECT_EQ(shop.units_missing(), 0);
}

TEST(LockImproved, refuses_by_luck_only_while_there_is_stock_and_never_holds_the_lock_to_pay) {
  Shop shop({.design = "lock-improved", .stock = 2});
  shop.redis({"SET", kLock, "somebody"});
  EXPECT_TRUE(Shop::lock_failed(shop.buy("anna")));
  shop.end_lock();
  EXPECT_EQ(shop.buy("ben").order->state, sale::OrderState::held);
  EXPECT_EQ(shop.redis({"EXISTS", kLock}), "0");
  EXPECT_EQ(shop.buy("cleo").order->state, sale::OrderState::held);
  shop.redis({"SET", kLock, "somebody"});
  EXPECT_EQ(shop.buy("late").code, sale::Code::sold_out);
}

TEST(LockWait, lets_somebody_who_has_just_come_pass_those_who_wait) {
  std::latch pausing(3);
  std::latch over(1);
  Shop shop({.design = "lock-wait", .stock = 1, .sleep = [&](Duration /*pause*/) {
               pausing.count_down();
               over.wait();
             }});
  shop.redis({"SET", kLock, "somebody"});
  std::vector<Shop::Answer> waiting;
  for (const char* buyer : {"b1", "b2", "b3"}) waiting.push_back(shop.press(buyer));
  pausing.wait();
  shop.end_lock();
  EXPECT_EQ(shop.buy("late").order->state, sale::OrderState::paid);
  over.count_down();
  for (auto& answer : waiting) EXPECT_EQ(answer.wait()->code, sale::Code::sold_out);
  EXPECT_EQ(shop.stock_in_redis(), "0");
}

TEST(LockWait, gives_up_after_its_time_out) {
  std::atomic<int> pauses = 0;
  Shop shop(
      {.design = "lock-wait", .stock = 1, .lock_wait = 20ms, .sleep = [&](Duration /*pause*/) {
         ++pauses;
       }});
  shop.redis({"SET", kLock, "somebody"});
  EXPECT_TRUE(Shop::lock_failed(shop.buy("anna")));
  EXPECT_EQ(pauses, 10) << "every 2 ms for 20 ms";
}

}  // namespace
}  // namespace dibs::baselines

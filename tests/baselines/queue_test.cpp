// What goes wrong with the virtual queue, with exact counts on a real redis-server. The test turns
// the worker, which otherwise turns once a second.

#include "baselines/shop.h"

namespace dibs::baselines {
namespace {

TEST(Queue, lets_everybody_in_and_leaves_whom_it_does_not_reach_without_a_word) {
  Shop shop({.design = "queue", .stock = 2});
  std::vector<sale::Outcome> in_queue;
  for (int i = 1; i <= 50; ++i) in_queue.push_back(shop.buy("b" + std::to_string(i)));
  for (std::size_t i = 0; i < in_queue.size(); ++i) {
    EXPECT_EQ(in_queue[i].order->state, sale::OrderState::waiting);
    EXPECT_EQ(in_queue[i].order->position, i + 1);
  }
  shop.store().work_once();
  shop.store().work_once();
  EXPECT_EQ(shop.item().sold, 2);
  EXPECT_EQ(shop.stock_in_redis(), "0");
  EXPECT_EQ(shop.item().waiting, 48U) << "for a stock of 0";
  EXPECT_EQ(shop.recorded(in_queue[2]), sale::OrderState::waiting);
  EXPECT_EQ(shop.buy("late").code, sale::Code::sold_out);
}

TEST(Queue, sells_on_below_zero) {
  Shop shop({.design = "queue", .stock = 2});
  for (const char* buyer : {"b1", "b2", "b3", "b4", "b5"}) shop.buy(buyer);
  for (int turn = 0; turn < 5; ++turn) shop.store().work_once();
  EXPECT_EQ(shop.item().sold, 5);
  EXPECT_EQ(shop.stock_in_redis(), "-3");
  EXPECT_EQ(shop.item().available, -3);
}

TEST(Queue, invents_a_unit_with_each_payment_that_fails) {
  Shop shop({.design = "queue", .stock = 2});
  const auto first = shop.buy("b1", false);
  shop.buy("b2", false);
  shop.buy("b3");
  for (int turn = 0; turn < 3; ++turn) shop.store().work_once();
  EXPECT_EQ(shop.recorded(first), sale::OrderState::released);
  EXPECT_EQ(shop.item().sold, 1);
  EXPECT_EQ(shop.stock_in_redis(), "3") << "of 2 units, one of them sold";
  EXPECT_EQ(shop.units_missing(), -2);
}

}  // namespace
}  // namespace dibs::baselines

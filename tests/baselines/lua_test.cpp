// What goes wrong around the published script, with exact counts on a real redis-server.

#include "baselines/shop.h"

namespace dibs::baselines {
namespace {

TEST(Lua, takes_the_last_order_away_for_another_buyers_failed_payment) {
  Shop shop({.design = "lua", .stock = 3});
  const auto anna = shop.buy("anna");
  const auto ben = shop.buy("ben");
  const auto cleo = shop.buy("cleo");
  EXPECT_EQ(shop.buy("late").code, sale::Code::sold_out);
  EXPECT_EQ(shop.pay(ben, false).order->reason, sale::Reason::payment_failed);
  EXPECT_EQ(shop.recorded(cleo), sale::OrderState::released) << "she has not done anything";
  EXPECT_EQ(shop.pay(anna, true).order->state, sale::OrderState::paid);
  EXPECT_EQ(shop.pay(cleo, true).order->state, sale::OrderState::paid) << "she is told";

  EXPECT_EQ(shop.recorded(anna), sale::OrderState::paid);
  EXPECT_EQ(shop.recorded(ben), sale::OrderState::paid) << "he did not pay";
  EXPECT_EQ(shop.recorded(cleo), sale::OrderState::released) << "she paid";
  EXPECT_EQ(shop.item().sold, 2);
  EXPECT_EQ(shop.stock_in_redis(), "1");
}

TEST(Lua, completes_every_pending_order_when_one_is_paid) {
  Shop shop({.design = "lua", .stock = 5});
  std::vector<sale::Outcome> orders;
  for (const char* buyer : {"b1", "b2", "b3", "b4", "b5"}) orders.push_back(shop.buy(buyer));
  shop.pay(orders[0], true);
  for (const auto& order : orders) EXPECT_EQ(shop.recorded(order), sale::OrderState::paid);
  EXPECT_EQ(shop.item().sold, 5) << "one has paid";
  // Of the other four two cannot pay: their units are given back, and stay sold.
  shop.pay(orders[1], false);
  shop.pay(orders[2], false);
  EXPECT_EQ(shop.item().sold, 5);
  EXPECT_EQ(shop.stock_in_redis(), "2");
  EXPECT_EQ(shop.units_missing(), -2);
  EXPECT_EQ(shop.buy("b6").order->state, sale::OrderState::held) << "a unit that is sold already";
}

TEST(Lua, gives_a_returned_unit_to_whoever_presses_next) {
  Shop shop({.design = "lua", .stock = 1});
  const auto anna = shop.buy("anna");
  EXPECT_EQ(shop.buy("ben").code, sale::Code::sold_out);
  shop.pay(anna, false);
  EXPECT_EQ(shop.recorded(anna), sale::OrderState::released);
  EXPECT_EQ(shop.buy("cleo").order->state, sale::OrderState::held) << "ben came before";
}

TEST(Lua, never_sells_more_by_the_script_itself) {
  Shop shop({.design = "lua", .stock = 10});
  std::vector<Shop::Answer> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(shop.press("b" + std::to_string(i)));
  int held = 0;
  for (auto& answer : answers) held += answer.wait()->code == sale::Code::ok ? 1 : 0;
  EXPECT_EQ(held, 10);
  EXPECT_EQ(shop.item().held, 10);
  EXPECT_EQ(shop.stock_in_redis(), "0");
}

}  // namespace
}  // namespace dibs::baselines

// What all designs have in common behind the port.

#include "baselines/shop_store.h"

#include "baselines/shop.h"

namespace dibs::baselines {
namespace {

using namespace std::chrono_literals;

Result<sale::Outcome> answer_to(ShopStore& store, sale::Command::Action action) {
  store::Pending<sale::Outcome> answer;
  store.submit({}, SaleId("rush"), {std::move(action), {}, {}}, answer.reply());
  return answer.wait();
}

TEST(ShopStore, names_the_designs_when_there_is_none_of_that_name) {
  ShopStore::Options options;
  options.design = "lucky-dip";
  const auto store = ShopStore::open(std::move(options), system_clock());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().remedy, "Take lock, lock-improved, lock-wait, queue or lua.");
}

TEST(ShopStore, says_so_when_no_redis_answers) {
  ShopStore::Options options;
  options.design = "lock";
  options.port = 1;
  const auto store = ShopStore::open(std::move(options), system_clock());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().kind, FaultKind::unavailable);
  EXPECT_NE(store.error().what.find("127.0.0.1:1"), std::string::npos);
}

TEST(ShopStore, says_plainly_what_it_does_not_do) {
  Shop shop({.design = "lock"});
  for (const sale::Command::Action& action :
       {sale::Command::Action(sale::Close{}), sale::Command::Action(sale::Pause{}),
        sale::Command::Action(sale::Restock{SkuId("unit"), 1, {}})}) {
    const auto answer = answer_to(shop.store(), action);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::bad_input);
    EXPECT_NE(answer.error().what.find("for comparison only"), std::string::npos);
  }
}

TEST(ShopStore, keeps_orders_from_those_who_do_not_own_them) {
  Shop shop({.design = "lua"});
  const auto anna = shop.buy("anna");
  store::Pending<sale::Outcome> answer;
  shop.store().submit({}, SaleId("rush"),
                      {sale::BeginPayment{anna.order->id.key}, {}, BuyerId("ben")}, answer.reply());
  EXPECT_EQ(answer.wait()->code, sale::Code::unknown_order);
}

TEST(ShopStore, answers_that_the_outcome_is_not_known_when_redis_goes) {
  redis::RedisServer server;
  ShopStore::Options options;
  options.design = "lua";
  options.port = static_cast<std::uint16_t>(server.port());
  options.settings.pay = [](const auto&, auto) { return true; };
  auto store = ShopStore::open(std::move(options), system_clock());
  ASSERT_TRUE(store.has_value());
  sale::Put put;
  put.spec.title = "Rush";
  put.spec.currency = "KRW";
  put.spec.items = {{SkuId("unit"), "Unit", 100, 5}};
  ASSERT_TRUE(answer_to(**store, put)->created);
  server.kill();
  sale::Buy buy;
  buy.buyer = BuyerId("anna");
  buy.lines = {{SkuId("unit"), 1, 0}};
  const auto answer = answer_to(**store, buy);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FaultKind::unknown);
}

/// With a crowd and both ways to pay: what the server says of its stock is what Redis has.
TEST(ShopStore, knows_what_the_counter_in_redis_stands_at) {
  for (const char* design : {"lock", "lock-improved", "lock-wait", "queue", "lua"}) {
    Shop shop({.design = design, .stock = 20});
    std::vector<Shop::Answer> answers;
    for (int i = 0; i < 300; ++i) {
      answers.push_back(shop.press("b" + std::to_string(i), i % 5 != 0));
    }
    int held = 0;
    for (auto& answer : answers) {
      const auto outcome = answer.wait();
      ASSERT_TRUE(outcome.has_value());
      if (!outcome->order || outcome->order->state != sale::OrderState::held) continue;
      shop.pay(*outcome, ++held % 3 != 0);
    }
    for (int turn = 0; turn < 7; ++turn) shop.store().work_once();
    EXPECT_EQ(std::to_string(shop.item().available), shop.stock_in_redis()) << design;
  }
}

}  // namespace
}  // namespace dibs::baselines

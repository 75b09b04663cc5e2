#include "sale/scene.h"

namespace dibs::sale {
namespace {

class Buying : public Scene {};

TEST_F(Buying, takes_units_while_there_are_some_then_stands_in_the_line) {
  put();
  const Outcome first = buy("anna");
  EXPECT_EQ(first.order->state, OrderState::held);
  EXPECT_EQ(first.order->expires_at, now + seconds(300));
  EXPECT_EQ(first.order->amount, 50'000);
  buy("ben");
  const Outcome third = buy("cleo");
  EXPECT_EQ(third.order->state, OrderState::waiting);
  EXPECT_EQ(third.order->position, 1U);
  EXPECT_EQ(third.arrival, Arrival(3));
  EXPECT_EQ(item(), (ItemView{2, 0, 2, 0, 1, Place(1), 1, false}));
}

TEST_F(Buying, takes_all_lines_of_an_order_or_none) {
  spec.items = {{SkuId("a"), "", 1, 1}, {SkuId("b"), "", 1, 0}};
  spec.line_limit = 0;
  spec.limit_per_buyer = 9;
  put();
  EXPECT_EQ(buy("anna", {{"a", 1}, {"b", 1}}).code, Code::sold_out);
  EXPECT_EQ(item(0).available, 1);
}

TEST_F(Buying, never_passes_the_line_even_when_units_are_free) {
  spec.limit_per_buyer = 3;
  put();
  buy("anna");
  EXPECT_EQ(buy("ben", {{"floor", 2}}).order->state, OrderState::waiting);
  const Outcome newcomer = buy("cleo");
  EXPECT_EQ(newcomer.order->state, OrderState::waiting);
  EXPECT_EQ(newcomer.order->position, 2U);
  EXPECT_EQ(item().available, 1);
}

TEST_F(Buying, replays_a_key_with_the_order_as_it_is_now_and_takes_no_number) {
  put();
  buy("anna", {{"floor", 1}}, "k");
  pay(1);
  const Outcome again = buy("anna", {{"floor", 1}}, "k");
  EXPECT_EQ(again.code, Code::ok);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.arrival, Arrival());
  EXPECT_EQ(again.order->arrival, Arrival(1));
  EXPECT_EQ(again.order->state, OrderState::paid);
  EXPECT_EQ(buy("ben", {{"floor", 1}}, "k").order->arrival, Arrival(3)) << "keys are the buyer's";
}

TEST_F(Buying, replays_every_key_of_a_buyer_however_many_orders_there_are) {
  spec.items = {{SkuId("floor"), "", 1, 100}};
  spec.limit_per_buyer = 100;
  put();
  const std::vector<std::string> keys = {"a", "b", "", "c", "d", "e", "f", "", "g"};
  std::vector<Arrival> arrivals;
  for (std::size_t bought = 0; bought < keys.size(); ++bought) {
    const Outcome first = buy("anna", {{"floor", 1}}, keys[bought].c_str());
    ASSERT_FALSE(first.replayed);
    arrivals.push_back(first.arrival);
    buy("ben", {{"floor", 1}}, keys[bought].c_str());
    for (std::size_t i = 0; i <= bought; ++i) {
      if (keys[i].empty()) continue;
      const Outcome again = buy("anna", {{"floor", 1}}, keys[i].c_str());
      ASSERT_TRUE(again.replayed) << "key " << keys[i] << " of " << bought + 1 << " orders";
      EXPECT_EQ(again.order->arrival, arrivals[i]);
    }
  }
}

TEST_F(Buying, replays_even_when_the_sale_is_over) {
  put();
  buy("anna", {{"floor", 1}}, "k");
  run(Close{});
  EXPECT_TRUE(buy("anna", {{"floor", 1}}, "k").replayed);
}

TEST_F(Buying, remembers_no_key_of_a_refused_request) {
  spec.line_limit = 0;
  spec.items[0].stock = 0;
  put();
  EXPECT_EQ(buy("anna", {{"floor", 1}}, "k").code, Code::sold_out);
  restock(1);
  EXPECT_EQ(buy("anna", {{"floor", 1}}, "k").order->state, OrderState::held);
}

TEST_F(Buying, counts_units_that_wait_towards_the_limit) {
  spec.limit_per_buyer = 3;
  put();
  buy("anna", {{"floor", 2}});
  EXPECT_EQ(buy("anna").order->state, OrderState::waiting);
  const Outcome refused = buy("anna");
  EXPECT_EQ(refused.code, Code::limit_reached);
  EXPECT_EQ(refused.arrival, Arrival(3));
  ASSERT_EQ(refused.live_orders.size(), 2U);
  EXPECT_EQ(refused.live_orders[0].arrival, Arrival(1));
  cancel(2);
  EXPECT_EQ(buy("anna").code, Code::ok) << "leaving gives the allowance back";
}

TEST_F(Buying, a_quantity_above_the_limit_alone_is_limit_reached) {
  put();
  EXPECT_EQ(buy("anna", {{"floor", 2}}).code, Code::limit_reached);
}

TEST_F(Buying, a_refund_gives_the_allowance_back_although_the_units_stay_sold) {
  put();
  buy("anna");
  pay(1);
  EXPECT_EQ(buy("anna").code, Code::limit_reached);
  refund(1, false);
  EXPECT_EQ(buy("anna").code, Code::ok);
  EXPECT_EQ(item().sold, 1);
}

TEST_F(Buying, says_the_first_reason_that_applies) {
  EXPECT_EQ(buy("anna").code, Code::unknown_sale);
  spec.opens_at = now + seconds(10);
  spec.items[0].stock = 1;
  spec.line_limit = 0;
  put();
  EXPECT_EQ(buy("anna", {{"roof", 1}}).code, Code::unknown_sku);
  const Outcome early = buy("anna");
  EXPECT_EQ(early.code, Code::not_open);
  EXPECT_EQ(early.opens_at, now + seconds(10));
  EXPECT_EQ(early.arrival, Arrival(3)) << "an early press is numbered";
  run(Pause{});
  EXPECT_EQ(buy("anna").code, Code::paused) << "before not_open";
  run(Resume{});
  wait(seconds(10));
  buy("anna", {{"floor", 1}}, "k");
  EXPECT_EQ(buy("anna").code, Code::limit_reached) << "before sold_out";
  EXPECT_EQ(buy("ben").code, Code::sold_out);
  run(Pause{});
  EXPECT_EQ(buy("anna", {{"floor", 2}}, "k").code, Code::idempotency_mismatch) << "before paused";
  run(Close{});
  EXPECT_EQ(buy("anna", {{"floor", 2}}, "k").code, Code::idempotency_mismatch) << "before closed";
  EXPECT_EQ(buy("ben").code, Code::closed);
  EXPECT_EQ(buy("ben", {{"roof", 1}}).arrival, Arrival()) << "an unknown SKU is not numbered";
}

TEST_F(Buying, refuses_what_must_never_come_into_an_event) {
  put();
  EXPECT_EQ(buy("anna@example.org").code, Code::malformed);
  EXPECT_EQ(buy("anna", {}).code, Code::malformed);
  EXPECT_EQ(buy("anna", {{"floor", 0}}).code, Code::malformed);
  EXPECT_EQ(buy("anna", {{"floor", 1'001}}).code, Code::malformed);
  EXPECT_EQ(buy("anna", {{"floor", 1}, {"floor", 1}}).code, Code::malformed);
  EXPECT_EQ(buy("anna", {{"floor", 1}}, "two words").code, Code::malformed);
  EXPECT_EQ(events.size(), 2U) << "created and opened, nothing else";
}

TEST_F(Buying, refuses_an_amount_that_json_readers_would_round) {
  spec.items[0].price = 1'000'000'000'000;
  spec.items.push_back({SkuId("z"), "", 1'000'000'000'000, 2'000});
  for (int i = 0; i < 9; ++i) {
    spec.items.push_back({SkuId("x" + std::to_string(i)), "", 1'000'000'000'000, 2'000});
  }
  spec.limit_per_buyer = 100'000;
  put();
  Basket basket;
  static const char* const kSkus[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "z"};
  for (const char* sku : kSkus) basket.push_back({sku, 1'000});
  EXPECT_EQ(buy("anna", basket).code, Code::malformed);
}

TEST_F(Buying, is_final_at_once_when_there_is_nothing_to_pay) {
  spec.payment = PaymentMode::none;
  spec.items[0].price = 0;
  put();
  const Outcome outcome = buy("anna");
  EXPECT_EQ(outcome.order->state, OrderState::paid);
  EXPECT_EQ(outcome.order->money, Money::none);
  EXPECT_EQ(outcome.order->expires_at, std::nullopt);
  EXPECT_EQ(sale.view().last_winner_arrival, Arrival(1));
}

TEST_F(Buying, an_order_that_is_somebody_elses_is_as_if_it_were_not_there) {
  put();
  buy("anna");
  Command leave{Cancel{key_of(1)}, "", BuyerId("ben")};
  const Outcome refused = sale.apply(leave, now, events);
  EXPECT_EQ(refused.code, Code::unknown_order);
  EXPECT_EQ(refused.order, std::nullopt);
  EXPECT_EQ(state(1), OrderState::held);
  leave.owner = BuyerId("anna");
  EXPECT_EQ(sale.apply(leave, now, events).order->state, OrderState::released);
}

}  // namespace
}  // namespace dibs::sale

#include "sale/line.h"

#include <chrono>
#include <random>

#include "sale/scene.h"

namespace dibs::sale {
namespace {

class TheLine : public Scene {
 protected:
  TheLine() { spec.limit_per_buyer = 3; }
};

TEST_F(TheLine, gives_a_released_unit_to_its_head_in_the_same_command) {
  put();
  buy("anna");
  buy("ben");
  buy("cleo");
  buy("dora");
  const std::size_t before = events.size();
  cancel(1);
  ASSERT_EQ(events.size(), before + 2);
  EXPECT_EQ(type_of(events[before]), "dibs.order.released");
  EXPECT_EQ(type_of(events[before + 1]), "dibs.order.promoted");
  EXPECT_EQ(state(3), OrderState::held);
  EXPECT_EQ(order(3).expires_at, now + seconds(spec.promotion_seconds));
  EXPECT_EQ(order(4).position, 1U);
  EXPECT_EQ(order(4).place, Place(2)) << "a place is kept while the position moves";
}

TEST_F(TheLine, serves_after_a_restart_whom_an_earlier_line_had_sent_away) {
  spec.limit_per_buyer = 1;
  spec.items = {{SkuId("balcony"), "Balcony", 1, 1}, {SkuId("floor"), "Floor", 1, 1}};
  put();
  buy("anna");
  buy("ben");
  pay(1);
  EXPECT_EQ(state(2), OrderState::sold_out);
  buy("cleo", {{"balcony", 1}});
  buy("ben", {{"balcony", 1}});
  Sale again{SaleId("concert")};
  for (const Event& event : events) ASSERT_TRUE(again.replay(event));
  sale = std::move(again);
  cancel(3);
  EXPECT_EQ(state(4), OrderState::held);
}

TEST_F(TheLine, counts_no_leavers_in_positions) {
  put();
  for (const char* buyer : {"a", "b", "c", "d", "e", "f"}) buy(buyer);
  cancel(4);
  EXPECT_EQ(order(3).position, 1U);
  EXPECT_EQ(order(5).position, 2U);
  EXPECT_EQ(order(6).position, 3U);
}

TEST_F(TheLine, waits_for_its_head_although_the_next_could_be_served) {
  put();
  buy("anna");
  buy("ben");
  buy("cleo", {{"floor", 2}});
  buy("dora");
  cancel(1);
  EXPECT_EQ(state(3), OrderState::waiting);
  EXPECT_EQ(state(4), OrderState::waiting);
  EXPECT_EQ(item().available, 1);
  cancel(2);
  EXPECT_EQ(state(3), OrderState::held);
}

TEST_F(TheLine, ends_a_head_that_can_never_be_served) {
  put();
  buy("anna");
  buy("ben");
  buy("cleo", {{"floor", 2}});
  buy("dora");
  pay(1);
  EXPECT_EQ(state(3), OrderState::sold_out) << "only one unit can still come back";
  EXPECT_EQ(order(4).position, 1U);
  EXPECT_EQ(count<EndedSoldOut>(), 1);
  EXPECT_EQ(buy("eve", {{"floor", 2}}).code, Code::sold_out) << "nor is a newcomer admitted";
}

TEST_F(TheLine, is_over_for_everybody_in_one_event_when_nothing_can_come_back) {
  put();
  buy("anna");
  buy("ben");
  for (const char* buyer : {"c", "d", "e"}) buy(buyer);
  pay(1);
  pay(2);
  EXPECT_EQ(count<LineEnded>(), 1);
  for (std::uint64_t i = 3; i <= 5; ++i) {
    EXPECT_EQ(state(i), OrderState::sold_out);
    EXPECT_EQ(order(i).seq, events.back().seq) << "their last event is the end of the line";
  }
  EXPECT_EQ(item().waiting, 0U);
  EXPECT_EQ(cancel(3).code, Code::wrong_state);
  EXPECT_TRUE(sale.recount().empty());
}

TEST_F(TheLine, whose_end_gives_allowances_back) {
  put();
  buy("anna", {{"floor", 2}});
  buy("ben", {{"floor", 1}});
  pay(1);
  EXPECT_EQ(state(2), OrderState::sold_out);
  restock(3);
  EXPECT_EQ(buy("ben", {{"floor", 3}}).order->state, OrderState::held);
  EXPECT_EQ(sale.live_orders(BuyerId("ben")).size(), 1U);
  EXPECT_TRUE(sale.recount().empty());
}

TEST_F(TheLine, begins_anew_after_it_has_ended) {
  put();
  buy("anna", {{"floor", 2}});
  buy("ben");
  pay(1);
  restock(1);
  buy("cleo");
  EXPECT_EQ(buy("dora").order->position, 1U);
  EXPECT_EQ(state(2), OrderState::sold_out);
  EXPECT_EQ(order(4).place, Place(2)) << "places are not given twice";
}

TEST_F(TheLine, serves_orders_for_several_items_when_they_head_all_their_lines) {
  spec.items = {{SkuId("b"), "", 1, 1}, {SkuId("a"), "", 1, 1}};
  put();
  buy("anna", {{"a", 1}});
  buy("ben", {{"b", 1}});
  buy("cleo", {{"a", 1}, {"b", 1}});
  buy("dora", {{"b", 1}});
  cancel(2);
  EXPECT_EQ(state(3), OrderState::waiting) << "heads both lines, but only one unit is free";
  EXPECT_EQ(state(4), OrderState::waiting) << "does not pass";
  cancel(1);
  EXPECT_EQ(state(3), OrderState::held);
  EXPECT_EQ(item(0).waiting, 1U);
  EXPECT_EQ(item(1).waiting, 0U);
}

TEST_F(TheLine, shows_the_worst_position_of_several) {
  spec.items = {{SkuId("a"), "", 1, 0}, {SkuId("b"), "", 1, 0}};
  spec.items[0].stock = spec.items[1].stock = 1;
  put();
  buy("x", {{"a", 1}, {"b", 1}});
  buy("anna", {{"b", 1}});
  buy("ben", {{"b", 1}});
  const Outcome both = buy("cleo", {{"a", 1}, {"b", 1}});
  EXPECT_EQ(both.order->position, 3U);
  EXPECT_EQ(both.order->place, Place(3));
}

TEST_F(TheLine, lets_nobody_hang_on_an_item_that_is_gone_elsewhere) {
  spec.items = {{SkuId("a"), "", 1, 1}, {SkuId("b"), "", 1, 1}};
  put();
  buy("anna", {{"a", 1}});
  buy("ben", {{"b", 1}});
  buy("cleo", {{"a", 1}, {"b", 1}});
  buy("dora", {{"a", 1}});
  pay(2);
  EXPECT_EQ(state(3), OrderState::sold_out) << "b can never come back";
  EXPECT_EQ(order(4).position, 1U) << "so cleo no longer stands before dora in the line of a";
}

TEST_F(TheLine, that_was_full_is_shut_until_it_has_run_empty) {
  spec.line_limit = 1;
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  const Outcome refused = buy("cleo");
  EXPECT_EQ(refused.code, Code::sold_out);
  EXPECT_TRUE(item().shut);
  EXPECT_EQ(count<LineShut>(), 1);
  cancel(2);
  EXPECT_EQ(buy("dora").code, Code::sold_out) << "there is room, but cleo was refused before";
  EXPECT_EQ(count<LineShut>(), 1);
  cancel(1);
  EXPECT_EQ(count<LineReopened>(), 1);
  EXPECT_EQ(buy("eve").order->state, OrderState::held);
}

TEST_F(TheLine, that_is_shut_still_serves_those_in_it) {
  spec.line_limit = 1;
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  buy("cleo");
  cancel(1);
  EXPECT_EQ(state(2), OrderState::held);
  EXPECT_TRUE(item().shut) << "empty, but nothing is free";
  EXPECT_EQ(buy("dora").code, Code::sold_out);
}

TEST_F(TheLine, with_nobody_in_it_says_that_it_is_open_again_when_somebody_was_refused) {
  spec.items = {{SkuId("a"), "", 1, 5}, {SkuId("b"), "", 1, 1}};
  spec.limit_per_buyer = 5;
  spec.line_limit = 1;
  put();
  buy("x", {{"a", 4}});
  buy("y", {{"b", 1}});
  buy("z", {{"b", 1}});
  EXPECT_EQ(buy("anna", {{"a", 2}}).code, Code::sold_out) << "one is free, and the line is full";
  EXPECT_FALSE(item(0).shut);
  EXPECT_EQ(count<LineShut>(), 1);
  EXPECT_EQ(count<LineReopened>(), 1) << "whoever comes now is served, and anna was not";
  EXPECT_EQ(buy("cleo", {{"a", 1}}).order->state, OrderState::held);
}

TEST_F(TheLine, that_is_off_is_never_shut) {
  spec.line_limit = 0;
  spec.items[0].stock = 1;
  put();
  buy("anna");
  EXPECT_EQ(buy("ben").code, Code::sold_out);
  EXPECT_FALSE(item().shut);
}

TEST_F(TheLine, of_a_hundred_thousand_ends_as_one_event) {
  spec.items[0].stock = 1;
  spec.line_limit = 100'000;
  put();
  buy("first");
  for (int i = 0; i < 100'000; ++i) buy(("b" + std::to_string(i)).c_str());
  const std::size_t before = events.size();
  pay(1);
  EXPECT_EQ(events.size(), before + 2);
  EXPECT_EQ(state(50'000), OrderState::sold_out);
  EXPECT_TRUE(sale.recount().empty());
}

TEST(Positions, are_those_of_a_plain_list_whoever_comes_and_goes) {
  std::mt19937 random(7);
  Line line;
  std::vector<std::pair<std::uint32_t, OrderIndex>> plain;
  for (OrderIndex i = 0; i < 20'000; ++i) {
    // Now the line grows, now it shrinks, so that it is compacted and emptied on the way.
    const bool grows = i / 2'000 % 2 == 0 ? random() % 3 != 0 : random() % 3 == 0;
    if (plain.empty() || grows) {
      plain.emplace_back(line.join(i, i % 5 == 0), i);
    } else {
      const std::size_t leaver = random() % plain.size();
      line.leave(plain[leaver].first);
      plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(leaver));
    }
    ASSERT_EQ(line.size(), plain.size());
    if (plain.empty()) continue;
    ASSERT_EQ(line.head(), plain.front().second);
    ASSERT_EQ(line.tail(), plain.back().second);
    const std::size_t some = random() % plain.size();
    ASSERT_EQ(line.position(plain[some].first), some + 1);
  }
}

}  // namespace
}  // namespace dibs::sale

#include <string>
#include <vector>

#include "sale/scene.h"

/// Who gets the units that come back: in the same command, in one order, so many in a step.
namespace dibs::sale {
namespace {

class Serving : public Scene {
 protected:
  Serving() { spec.limit_per_buyer = 3; }
};

/// Whatever gives a unit back: whoever is at the head has it when the command returns, and nothing
/// is left for a sweeper to do. Straight to `apply`, since Scene::run would do what is left.
TEST_F(Serving, comes_before_the_command_that_gives_a_unit_back_returns) {
  struct Way {
    const char* name;
    bool paid;
    Command::Action action;
  };
  const Way ways[] = {
      {"cancel", false, Cancel{key_of(1)}},
      {"release", false, Release{key_of(1), Reason::payment_failed}},
      {"failed payment", false, PaymentFailed{key_of(1)}},
      {"refused capture", true, CaptureSettled{key_of(1), false}},
      {"refund", true, Refund{key_of(1), true}},
      {"restock", false, Restock{SkuId("floor"), 1, {}}},
  };
  for (const Way& way : ways) {
    sale = Sale(SaleId("concert"));
    pressed = 0;
    put();
    buy("anna");
    buy("ben");
    buy("cleo");
    begin(1);
    if (way.paid) pay(1, false);
    if (std::holds_alternative<Refund>(way.action)) capture(1, true);
    const Outcome outcome = sale.apply(Command{way.action, "anna"}, now, events);
    EXPECT_EQ(outcome.code, Code::ok) << way.name;
    EXPECT_EQ(state(3), OrderState::held) << way.name;
    EXPECT_FALSE(sale.due(now)) << way.name;
  }
}

TEST_F(Serving, of_several_lines_has_one_order) {
  spec.items = {{SkuId("d"), "", 1, 1},
                {SkuId("c"), "", 1, 1},
                {SkuId("b"), "", 1, 1},
                {SkuId("a"), "", 1, 1}};
  spec.limit_per_buyer = 4;
  spec.line_limit = 5;
  put();
  buy("x", {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}});
  buy("anna", {{"a", 1}});
  buy("ben", {{"b", 1}});
  buy("cleo", {{"c", 1}});
  buy("dora", {{"c", 1}});
  buy("eve", {{"a", 1}, {"c", 1}});
  buy("fred", {{"b", 1}});  // too many: b is shut
  buy("gil", {{"d", 1}});   // and d, in which nobody waits
  cancel(4);
  const std::size_t before = events.size();
  cancel(1);
  std::vector<std::string> told;
  for (std::size_t i = before; i < events.size(); ++i) {
    const auto order = order_of(events[i]);
    told.push_back(std::string(type_of(events[i])) +
                   (order ? " " + std::to_string(order->arrival.value()) : ""));
  }
  const std::vector<std::string> expected{"dibs.order.released 1", "dibs.sale.line_reopened",
                                          "dibs.order.promoted 2", "dibs.order.promoted 3",
                                          "dibs.order.promoted 5"};
  EXPECT_EQ(told, expected) << "lines first, then promotions by arrival, not by item";
}

TEST_F(Serving, ends_lines_before_it_promotes_anybody_in_another) {
  spec.items = {{SkuId("b"), "", 1, 1}, {SkuId("a"), "", 1, 2}};
  spec.limit_per_buyer = 4;
  put();
  buy("x", {{"a", 1}, {"b", 1}});
  buy("y", {{"a", 1}});
  buy("anna", {{"a", 1}, {"b", 1}});
  buy("ben", {{"a", 2}});
  buy("cleo", {{"a", 1}});
  cancel(2);
  const std::size_t before = events.size();
  pay(1);
  ASSERT_EQ(events.size(), before + 4);
  EXPECT_EQ(type_of(events[before]), "dibs.order.paid");
  EXPECT_EQ(type_of(events[before + 1]), "dibs.sale.line_ended") << "of b, and so anna's";
  EXPECT_EQ(type_of(events[before + 2]), "dibs.order.sold_out") << "ben wants more than is left";
  EXPECT_EQ(type_of(events[before + 3]), "dibs.order.promoted");
  EXPECT_EQ(state(3), OrderState::sold_out);
  EXPECT_EQ(state(5), OrderState::held);
}

TEST_F(Serving, is_64_orders_a_step_and_the_rest_comes_before_anything_else) {
  spec.items[0].stock = 1;
  put();
  buy("first");
  for (int i = 0; i < 200; ++i) buy(("b" + std::to_string(i)).c_str());
  const std::size_t before = events.size();
  Outcome outcome = sale.apply(Command{Restock{SkuId("floor"), 150, {}}, ""}, now, events);
  EXPECT_EQ(events.size(), before + 65);
  EXPECT_TRUE(sale.due(now));
  EXPECT_EQ(sale.next_due(), now);
  wait(seconds(20));
  EXPECT_EQ(item().held, 151);
  EXPECT_EQ(order(151).expires_at, now - seconds(20) + seconds(spec.promotion_seconds))
      << "timed by the restock, not by when somebody came to do it";
}

TEST_F(Serving, is_64_orders_a_step_when_many_holds_end_together) {
  constexpr std::uint32_t kEach = 64;
  spec.items[0].stock = std::int64_t{kEach} * kEach;
  spec.limit_per_buyer = kEach;
  put();
  for (std::uint32_t i = 0; i < kEach; ++i) {
    buy(("h" + std::to_string(i)).c_str(), {{"floor", kEach}});
  }
  for (std::uint32_t i = 0; i < kEach * kEach; ++i) buy(("w" + std::to_string(i)).c_str());
  now += seconds(300);
  std::size_t before = events.size();
  for (int steps = 0; sale.due(now); ++steps) {
    ASSERT_LT(steps, 100);
    sale.step(now, events);
    ASSERT_LE(events.size(), before + 64);
    before = events.size();
  }
  EXPECT_EQ(count<Promoted>(), 64 * 64);
}

TEST_F(Serving, names_the_operator_in_every_promotion_of_a_restock) {
  spec.items[0].stock = 1;
  put();
  buy("first");
  for (int i = 0; i < 200; ++i) buy(("b" + std::to_string(i)).c_str());
  static_cast<void>(sale.apply(Command{Restock{SkuId("floor"), 150, {}}, "ben"}, now, events));
  settle();
  wait(seconds(300));
  for (const Event& event : events) {
    const bool at_noon = event.at == kNoon;
    if (std::holds_alternative<Promoted>(event.fact)) {
      ASSERT_EQ(event.actor, at_noon ? "ben" : "") << "of event " << event.seq.value();
    }
  }
  EXPECT_GT(count<Promoted>(), 150);
}

}  // namespace
}  // namespace dibs::sale

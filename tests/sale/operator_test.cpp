#include "sale/scene.h"

namespace dibs::sale {
namespace {

class Operators : public Scene {};

TEST_F(Operators, may_repeat_the_same_put) {
  put();
  const std::size_t before = events.size();
  const Outcome again = put();
  EXPECT_EQ(again.code, Code::ok);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(events.size(), before);
  EXPECT_EQ(events.front().actor, "anna");
}

TEST_F(Operators, change_everything_before_opening) {
  spec.opens_at = now + seconds(100);
  put();
  spec.items = {{SkuId("roof"), "Roof", 7, 9}};
  spec.limit_per_buyer = 4;
  spec.opens_at = now + seconds(50);
  EXPECT_EQ(put().code, Code::ok);
  EXPECT_EQ(item().total, 9);
  EXPECT_EQ(sale.next_due(), now + seconds(50));
}

TEST_F(Operators, change_little_after_opening) {
  put();
  spec.limit_per_buyer = 4;
  const Outcome refused = put();
  EXPECT_EQ(refused.code, Code::wrong_state);
  EXPECT_NE(refused.detail.find("limit_per_buyer"), std::string::npos);
  EXPECT_EQ(put(Put::kTitle | Put::kItems).code, Code::ok) << "what is left out stays";
  spec.checkout_url = "https://shop.example/{order}";
  EXPECT_EQ(put(Put::kCheckoutUrl).code, Code::wrong_state);
  spec.checkout_url.reset();
  spec.limit_per_buyer = 1;
  spec.hold_seconds = 60;
  spec.line_limit = 0;
  EXPECT_EQ(put().code, Code::ok);
  EXPECT_EQ(buy("anna").order->expires_at, now + seconds(60));
}

TEST_F(Operators, find_items_compared_with_the_first_stock_not_todays) {
  put();
  restock(5);
  EXPECT_EQ(put().code, Code::ok);
  EXPECT_EQ(item().total, 7);
}

TEST_F(Operators, change_only_title_and_notify_after_the_end) {
  put();
  run(Close{});
  spec.title = "Concert, sold";
  spec.notify_url = "https://shop.example/hook";
  EXPECT_EQ(put().code, Code::ok);
  spec.hold_seconds = 10;
  EXPECT_EQ(put().code, Code::wrong_state);
}

TEST_F(Operators, open_a_scheduled_sale_by_taking_its_time_away) {
  spec.opens_at = now + seconds(100);
  put();
  spec.opens_at.reset();
  EXPECT_EQ(put(Put::kOpensAt).code, Code::ok);
  EXPECT_EQ(sale.view().state, SaleState::open);
  EXPECT_EQ(put(Put::kOpensAt).code, Code::ok) << "and may repeat it";
}

TEST_F(Operators, cannot_put_what_is_out_of_bounds) {
  spec.items[0].stock = 10'000'001;
  EXPECT_EQ(put().code, Code::malformed);
  EXPECT_FALSE(sale.exists());
}

TEST_F(Operators, close_by_moving_the_closing_time_into_the_past) {
  put();
  buy("anna");
  spec.closes_at = now - seconds(5);
  EXPECT_EQ(put(Put::kClosesAt).code, Code::ok);
  EXPECT_EQ(sale.view().state, SaleState::closed);
}

TEST_F(Operators, cannot_put_a_sale_that_opens_now_and_has_closed) {
  spec.closes_at = now - seconds(5);
  EXPECT_EQ(put().code, Code::malformed);
  EXPECT_FALSE(sale.exists());
  spec.opens_at = now + seconds(100);
  spec.closes_at = now + seconds(200);
  EXPECT_EQ(put().code, Code::ok);
  spec.opens_at.reset();
  spec.closes_at = now;
  EXPECT_EQ(put(Put::kOpensAt | Put::kClosesAt).code, Code::malformed);
  EXPECT_EQ(sale.view().state, SaleState::scheduled);
}

TEST_F(Operators, restock_once_a_key) {
  put();
  EXPECT_FALSE(restock(5, "r1").replayed);
  const Outcome again = restock(5, "r1");
  EXPECT_EQ(again.code, Code::ok);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(item().total, 7);
  EXPECT_EQ(restock(6, "r1").code, Code::idempotency_mismatch);
  EXPECT_EQ(restock(5, "r2", "roof").code, Code::unknown_sku);
  run(Close{});
  EXPECT_EQ(restock(5, "r1").code, Code::ok) << "a replay is looked up first";
  EXPECT_EQ(restock(5, "r3").code, Code::closed);
}

TEST_F(Operators, withdraw_nothing_that_is_held_or_sold) {
  put();
  buy("anna");
  EXPECT_EQ(restock(-2).code, Code::wrong_state);
  EXPECT_EQ(restock(-1).code, Code::ok);
  EXPECT_EQ(item().total, 1);
  EXPECT_EQ(restock(10'000'000).code, Code::wrong_state) << "above the bound of an item";
}

TEST_F(Operators, are_told_the_right_bound_however_much_they_add_or_withdraw) {
  put();
  const Outcome more = restock(INT64_MAX);
  EXPECT_EQ(more.code, Code::wrong_state);
  EXPECT_NE(more.detail.find("10,000,000"), std::string::npos) << more.detail;
  const Outcome less = restock(INT64_MIN);
  EXPECT_EQ(less.code, Code::wrong_state);
  EXPECT_NE(less.detail.find("withdrawn"), std::string::npos) << less.detail;
}

TEST_F(Operators, cannot_restock_by_nothing) {
  put();
  EXPECT_EQ(restock(0, "r1").code, Code::malformed);
  EXPECT_EQ(restock(3, "r1").code, Code::ok) << "the key was not used";
  EXPECT_EQ(item().total, 5);
}

TEST_F(Operators, say_how_many_there_are_when_they_name_items_before_opening) {
  spec.opens_at = now + seconds(100);
  put();
  restock(5, "r1");
  EXPECT_EQ(put().code, Code::ok);
  EXPECT_EQ(item().total, 7) << "the same items: nothing changes";
  spec.items[0].price = 60'000;
  put();
  EXPECT_EQ(item().total, 2) << "other items begin with the stock that is named";
  EXPECT_EQ(restock(5, "r1").code, Code::ok);
  EXPECT_EQ(item().total, 2) << "the key was used";
}

TEST_F(Operators, change_payment_terms_for_those_who_hold_too) {
  spec.payment_attempts = 1;
  spec.hold_seconds = 10;
  put();
  buy("anna");
  spec.payment_attempts = 2;
  spec.payment_seconds = 60;
  spec.hold_seconds = 20;
  EXPECT_EQ(put().code, Code::ok);
  EXPECT_EQ(order(1).expires_at, now + seconds(10)) << "its window was made before";
  EXPECT_EQ(begin(1).order->expires_at, now + seconds(60));
  EXPECT_EQ(fail(1).order->state, OrderState::held) << "a second attempt";
}

TEST_F(Operators, end_those_who_wanted_what_they_withdraw) {
  spec.limit_per_buyer = 2;
  put();
  buy("anna");
  buy("ben", {{"floor", 2}});
  restock(-1);
  EXPECT_EQ(state(2), OrderState::sold_out);
}

TEST_F(Operators, pause_before_opening_and_it_still_opens) {
  spec.opens_at = now + seconds(10);
  put();
  EXPECT_EQ(run(Pause{}).code, Code::ok);
  wait(seconds(20));
  EXPECT_EQ(sale.view().state, SaleState::paused);
  EXPECT_TRUE(sale.view().ever_opened);
  run(Resume{});
  EXPECT_EQ(sale.view().state, SaleState::open);
}

TEST_F(Operators, end_the_lines_by_closing) {
  spec.items = {{SkuId("a"), "", 1, 1}, {SkuId("b"), "", 1, 1}};
  spec.limit_per_buyer = 2;
  put();
  buy("x", {{"a", 1}, {"b", 1}});
  buy("anna", {{"a", 1}, {"b", 1}});
  buy("ben", {{"b", 1}});
  run(Close{});
  EXPECT_EQ(state(2), OrderState::closed);
  EXPECT_EQ(state(3), OrderState::closed);
  EXPECT_EQ(count<LineEnded>(), 2);
  cancel(1);
  EXPECT_EQ(item(0).available, 1) << "what comes back stays available";
  EXPECT_EQ(run(Close{}).code, Code::ok);
  EXPECT_EQ(run(Pause{}).code, Code::wrong_state);
  EXPECT_TRUE(sale.recount().empty());
}

TEST_F(Operators, remove_only_tests_and_what_never_opened) {
  put();
  EXPECT_EQ(run(Remove{}).code, Code::wrong_state);
}

TEST_F(Operators, use_the_name_of_a_removed_sale_again) {
  spec.test = true;
  put();
  buy("anna");
  EXPECT_EQ(run(Remove{}).code, Code::ok);
  EXPECT_FALSE(sale.exists());
  EXPECT_EQ(buy("anna").code, Code::unknown_sale);
  EXPECT_TRUE(put().created);
  EXPECT_EQ(sale.view().orders, 0U);
  EXPECT_EQ(sale.view().seq.value(), events.size()) << "events stay without a gap";
}

TEST_F(Operators, filter_orders) {
  spec.limit_per_buyer = 9;
  put();
  buy("anna");
  buy("ben");
  buy("anna");
  pay(2);
  Sale::OrderFilter filter;
  filter.buyer = BuyerId("anna");
  EXPECT_EQ(sale.orders(filter).size(), 2U);
  filter.after = Arrival(1);
  ASSERT_EQ(sale.orders(filter).size(), 1U);
  EXPECT_EQ(sale.orders(filter)[0].arrival, Arrival(3));
  Sale::OrderFilter paid;
  paid.state = OrderState::paid;
  EXPECT_EQ(sale.orders(paid).size(), 1U);
  Sale::OrderFilter few;
  few.limit = 2;
  EXPECT_EQ(sale.orders(few).size(), 2U);
  Sale::OrderFilter stranger;
  stranger.buyer = BuyerId("nobody");
  EXPECT_TRUE(sale.orders(stranger).empty());
}

/// A closed sale, with what is still open in it said by the test.
class Archiving : public Scene {
 protected:
  Outcome archive() {
    FileHash hash{};
    hash.fill(7);
    return run(Archive{sale.view().seq, hash});
  }
};

TEST_F(Archiving, takes_only_a_closed_sale_in_which_nothing_is_open) {
  spec.payment_attempts = 1;
  put();
  buy("anna");
  buy("ben");
  buy("cleo");
  EXPECT_EQ(archive().code, Code::wrong_state) << "it sells";
  run(Close{});
  EXPECT_NE(archive().detail.find("2 of its orders are open"), std::string::npos)
      << archive().detail;
  begin(1);
  EXPECT_EQ(archive().code, Code::wrong_state) << "anna is paying";
  pay(1, false);
  cancel(2);
  EXPECT_NE(archive().detail.find("1 of its orders"), std::string::npos) << "authorised only";
  capture(1, true);
  refund(1, false);
  EXPECT_EQ(archive().code, Code::wrong_state) << "a refund is due";
  run(RefundSettled{key_of(1)});
  EXPECT_EQ(archive().code, Code::ok);
  EXPECT_FALSE(sale.exists());
  EXPECT_TRUE(sale.archived());
}

TEST_F(Archiving, of_a_sale_that_changed_meanwhile_is_refused) {
  put();
  run(Close{});
  EXPECT_EQ(run(Archive{Seq(1), {}}).code, Code::wrong_state);
  EXPECT_TRUE(sale.exists());
}

TEST_F(Archiving, leaves_nothing_but_the_id_which_is_never_used_again) {
  put();
  buy("anna");
  cancel(1);
  run(Close{});
  ASSERT_EQ(archive().code, Code::ok);
  const Outcome again = put();
  EXPECT_EQ(again.code, Code::wrong_state);
  EXPECT_NE(again.detail.find("cannot be used again"), std::string::npos) << again.detail;
  EXPECT_EQ(buy("ben").code, Code::unknown_sale);
  EXPECT_EQ(archive().code, Code::unknown_sale);
  EXPECT_EQ(sale.find(key_of(1)), std::nullopt);
  EXPECT_EQ(sale.next_due(), std::nullopt);

  std::string bytes;
  sale.save(bytes);
  EXPECT_LT(bytes.size(), 20U);
  const auto loaded = Sale::load(SaleId("concert"), bytes);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().what;
  EXPECT_TRUE(loaded->archived());
  EXPECT_EQ(loaded->state_hash(), sale.state_hash());
}

TEST_F(Archiving, is_replayed_and_nothing_can_follow) {
  put();
  run(Close{});
  Event early{Seq(3), now, {}, Archived{}};
  Sale open(SaleId("concert"));
  ASSERT_TRUE(open.replay(events[0]));
  early.seq = Seq(2);
  EXPECT_FALSE(open.replay(early)) << "the sale is not closed there";
  ASSERT_EQ(archive().code, Code::ok);
  Sale again(SaleId("concert"));
  for (const Event& event : events) {
    std::string bytes;
    ByteWriter writer(bytes);
    encode(event, writer);
    ByteReader reader(bytes);
    EXPECT_EQ(decode(reader), event);
    ASSERT_TRUE(again.replay(event)) << event.seq.value();
  }
  EXPECT_EQ(again.state_hash(), sale.state_hash());
  Event reborn = events[0];
  reborn.seq = events.back().seq.next();
  reborn.at = events.back().at;
  EXPECT_FALSE(again.replay(reborn));
}

}  // namespace
}  // namespace dibs::sale

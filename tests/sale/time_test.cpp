#include "sale/scene.h"

namespace dibs::sale {
namespace {

class Time : public Scene {};

TEST_F(Time, opens_on_the_stroke_whenever_it_is_processed) {
  spec.opens_at = now;
  now -= seconds(60);
  put();
  now = kNoon - milliseconds(1);
  EXPECT_EQ(buy("anna").code, Code::not_open);
  now = kNoon;
  EXPECT_EQ(buy("anna").order->state, OrderState::held);
}

TEST_F(Time, opens_at_once_when_no_time_is_given) {
  const Outcome outcome = put();
  EXPECT_TRUE(outcome.created);
  EXPECT_EQ(sale.view().state, SaleState::open);
  EXPECT_EQ(sale.view().spec->opens_at, now);
}

TEST_F(Time, of_opening_at_once_is_in_whole_milliseconds) {
  const Instant whole = now;
  now += std::chrono::nanoseconds(999'999);
  put();
  EXPECT_EQ(sale.view().state, SaleState::open);
  EXPECT_EQ(sale.view().spec->opens_at, whole) << "as the API shows it, so it can be put back";
}

TEST_F(Time, of_an_event_is_its_own_deadline_however_late_the_sweeper) {
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  const Instant deadline = *order(1).expires_at;
  EXPECT_EQ(sale.next_due(), deadline);
  now += seconds(450);  // nobody has looked since
  EXPECT_TRUE(sale.due(now));
  settle();
  ASSERT_EQ(count<Promoted>(), 1);
  EXPECT_EQ(events.back().at, deadline);
  EXPECT_EQ(order(2).expires_at, deadline + seconds(spec.promotion_seconds));
}

TEST_F(Time, is_up_at_the_deadline_not_after_it) {
  put();
  buy("anna");
  wait(seconds(300) - Duration(1));
  EXPECT_EQ(state(1), OrderState::held);
  wait(Duration(1));
  EXPECT_EQ(order(1).reason, Reason::expired);
}

TEST_F(Time, never_runs_backwards) {
  put();
  buy("anna");
  now -= seconds(10);
  const Outcome outcome = buy("ben");
  EXPECT_EQ(outcome.now, now + seconds(10));
  EXPECT_EQ(outcome.order->created_at, now) << "its own receive time";
  EXPECT_EQ(outcome.order->expires_at, now + seconds(310));
}

TEST_F(Time, stands_still_for_holds_while_the_sale_is_paused) {
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  wait(seconds(200));
  run(Pause{});
  wait(hours(5));
  EXPECT_EQ(state(1), OrderState::held);
  EXPECT_EQ(begin(1).code, Code::ok) << "payment goes on";
  fail(1);
  EXPECT_EQ(state(2), OrderState::held) << "and so does promotion";
  run(Resume{});
  EXPECT_EQ(order(2).expires_at, now + seconds(spec.promotion_seconds))
      << "a promotion in the pause has its whole window after it";
  EXPECT_EQ(run(Resume{}).code, Code::ok);
}

TEST_F(Time, that_was_left_before_a_pause_is_left_after_it) {
  put();
  buy("anna");
  wait(seconds(200));
  run(Pause{});
  wait(seconds(1'000));
  run(Resume{});
  EXPECT_EQ(order(1).expires_at, now + seconds(100));
}

TEST_F(Time, the_server_was_away_is_given_to_every_hold) {
  put();
  buy("anna");
  wait(seconds(100));
  now += seconds(1'000);
  run(Restart{seconds(1'000)});
  EXPECT_EQ(state(1), OrderState::held);
  EXPECT_EQ(order(1).expires_at, now + seconds(200));
}

TEST_F(Time, away_is_never_more_than_since_the_last_event) {
  put();
  buy("anna");
  const Instant deadline = *order(1).expires_at;
  now += seconds(10);
  run(Restart{hours(100'000)});
  EXPECT_EQ(order(1).expires_at, deadline + seconds(10));
  run(Restart{seconds(-10)});
  EXPECT_EQ(order(1).expires_at, deadline + seconds(10)) << "never shrinks";
}

TEST_F(Time, away_in_a_pause_is_counted_once) {
  put();
  buy("anna");
  run(Pause{});
  now += seconds(1'000);
  run(Restart{seconds(500)});
  run(Resume{});
  EXPECT_EQ(order(1).expires_at, now + seconds(300));
}

TEST_F(Time, away_over_the_closing_of_a_paused_sale_is_given_too) {
  spec.closes_at = now + seconds(50);
  put();
  buy("anna");
  run(Pause{});
  now += seconds(1'000);
  run(Restart{seconds(1'000)});
  ASSERT_EQ(sale.view().state, SaleState::closed);
  EXPECT_EQ(order(1).expires_at, now + seconds(300));
}

// Whether a sweeper was prompt before the crash must not matter after it.
TEST_F(Time, away_moves_nothing_that_was_due_before) {
  spec.items[0].stock = 1;
  spec.closes_at = now + seconds(302);
  put();
  buy("anna");
  buy("ben");
  now += seconds(305 + 600);  // alive for 305 seconds, but nobody has swept
  run(Restart{seconds(600)});
  EXPECT_EQ(order(1).reason, Reason::expired);
  EXPECT_EQ(sale.view().state, SaleState::closed);
  EXPECT_EQ(state(2), OrderState::held) << "promoted 2 seconds before the sale closed";
  EXPECT_EQ(order(2).expires_at, kNoon + seconds(300 + 300 + 600));
}

TEST_F(Time, of_closing_ends_the_lines_but_not_the_holds) {
  spec.items[0].stock = 1;
  spec.closes_at = now + seconds(100);
  put();
  buy("anna");
  buy("ben");
  wait(seconds(99));
  EXPECT_EQ(state(2), OrderState::waiting);
  wait(seconds(1));
  EXPECT_EQ(state(2), OrderState::closed);
  EXPECT_EQ(buy("cleo").code, Code::closed);
  EXPECT_EQ(pay(1).order->state, OrderState::paid);
}

TEST_F(Time, at_which_two_things_are_due_closes_first_and_opens_before_that) {
  spec.items[0].stock = 1;
  spec.closes_at = now + seconds(300);
  put();
  buy("anna");
  buy("ben");
  wait(seconds(300));
  EXPECT_EQ(state(2), OrderState::closed) << "not promoted into the second of closing";
  EXPECT_EQ(order(1).reason, Reason::expired);

  sale = Sale(SaleId("short"));
  events.clear();
  spec.opens_at = spec.closes_at = now + seconds(1);
  put();
  wait(seconds(1));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Opened>(events[1].fact));
  EXPECT_TRUE(std::holds_alternative<Closed>(events[2].fact));
}

TEST_F(Time, of_everything_due_is_kept_in_order) {
  spec.items[0].stock = 1;
  spec.hold_seconds = 50;
  spec.promotion_seconds = 30;
  spec.closes_at = now + seconds(100);
  put();
  for (const char* buyer : {"a", "b", "c", "d"}) buy(buyer);
  now += seconds(500);
  settle();
  // 50: a expires, b is promoted; 80: c; 100: the sale closes on d; 110: c expires.
  EXPECT_EQ(order(3).reason, Reason::expired);
  EXPECT_EQ(state(4), OrderState::closed);
  EXPECT_EQ(events.back().at, kNoon + seconds(110));
}

}  // namespace
}  // namespace dibs::sale

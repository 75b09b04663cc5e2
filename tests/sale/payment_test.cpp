#include "sale/scene.h"

namespace dibs::sale {
namespace {

class PaymentOf : public Scene {};

TEST_F(PaymentOf, an_order_keeps_its_units_a_while_longer_but_only_once) {
  spec.hold_seconds = 10;
  spec.payment_seconds = 60;
  spec.payment_attempts = 3;
  put();
  buy("anna");
  wait(seconds(9));
  EXPECT_EQ(begin(1).order->state, OrderState::paying);
  const auto deadline = order(1).expires_at;
  EXPECT_EQ(deadline, now + seconds(60));
  wait(seconds(5));
  EXPECT_EQ(begin(1).code, Code::ok) << "the running attempt";
  EXPECT_EQ(fail(1).order->state, OrderState::held) << "attempts are left";
  begin(1);
  EXPECT_EQ(order(1).expires_at, deadline);
}

TEST_F(PaymentOf, an_order_never_shortens_its_hold) {
  put();
  buy("anna");
  const auto deadline = order(1).expires_at;
  begin(1);
  EXPECT_EQ(order(1).expires_at, deadline);
}

TEST_F(PaymentOf, the_last_attempt_that_fails_releases_and_promotes) {
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  begin(1);
  EXPECT_EQ(fail(1).order->reason, Reason::payment_failed);
  EXPECT_EQ(state(2), OrderState::held);
  EXPECT_EQ(fail(1).code, Code::ok) << "told twice";
  EXPECT_EQ(state(2), OrderState::held);
  EXPECT_EQ(fail(2).code, Code::wrong_state) << "nothing was begun";
}

TEST_F(PaymentOf, a_repeated_failure_does_not_use_up_the_next_attempt) {
  spec.payment_attempts = 2;
  put();
  buy("anna");
  begin(1);
  fail(1);
  EXPECT_EQ(fail(1).order->state, OrderState::held);
}

TEST_F(PaymentOf, a_success_makes_it_paid_once) {
  put();
  buy("anna");
  begin(1);
  EXPECT_EQ(pay(1, false).order->money, Money::authorised);
  const std::size_t before = events.size();
  EXPECT_EQ(pay(1, false).code, Code::ok);
  EXPECT_EQ(events.size(), before);
  EXPECT_EQ(capture(1, true).order->money, Money::captured);
  EXPECT_EQ(capture(1, true).code, Code::ok);
  EXPECT_EQ(capture(1, false).code, Code::wrong_state);
  EXPECT_EQ(cancel(1).code, Code::wrong_state);
}

TEST_F(PaymentOf, a_refused_capture_releases_voids_and_promotes) {
  put();
  buy("anna");
  buy("ben");
  pay(1, false);
  buy("cleo");
  EXPECT_EQ(sale.view().last_winner_arrival, Arrival(1));
  EXPECT_EQ(capture(1, false).order->reason, Reason::capture_failed);
  EXPECT_EQ(order(1).money, Money::voided);
  EXPECT_EQ(state(3), OrderState::held);
  EXPECT_EQ(capture(1, false).code, Code::ok);
  EXPECT_EQ(sale.view().last_winner_arrival, Arrival());
}

TEST_F(PaymentOf, a_late_success_is_taken_when_nobody_is_harmed) {
  put();
  buy("anna");
  begin(1);
  wait(seconds(1'000));
  ASSERT_EQ(order(1).reason, Reason::expired);
  EXPECT_EQ(begin(1).code, Code::too_late);
  const Outcome late = pay(1);
  EXPECT_EQ(late.code, Code::ok);
  EXPECT_EQ(late.order->state, OrderState::paid);
  EXPECT_EQ(late.order->reason, Reason::none);
}

TEST_F(PaymentOf, a_late_success_is_refunded_once_when_somebody_waits) {
  spec.items[0].stock = 2;
  spec.limit_per_buyer = 2;
  put();
  buy("anna");
  wait(seconds(100));
  buy("ben");
  buy("cleo", {{"floor", 2}});
  wait(seconds(250));
  ASSERT_EQ(order(1).reason, Reason::expired);
  ASSERT_EQ(item().available, 1);
  const Outcome late = pay(1);
  EXPECT_EQ(late.code, Code::too_late);
  EXPECT_EQ(late.order->money, Money::refund_due);
  EXPECT_EQ(pay(1).code, Code::too_late);
  EXPECT_EQ(count<RefundDue>(), 1);
  EXPECT_EQ(run(RefundSettled{key_of(1)}).order->money, Money::refunded);
  EXPECT_EQ(pay(1).order->money, Money::refunded) << "never twice";
}

TEST_F(PaymentOf, a_late_authorisation_is_voided_once_when_the_units_are_gone) {
  spec.items[0].stock = 1;
  spec.line_limit = 0;
  put();
  buy("anna");
  wait(seconds(400));
  buy("ben");
  EXPECT_EQ(pay(1, false).order->money, Money::voided);
  cancel(2);
  EXPECT_EQ(pay(1, false).code, Code::too_late) << "units are free now, but the money is gone";
  EXPECT_EQ(item().available, 1);
}

TEST_F(PaymentOf, a_late_success_beyond_the_allowance_is_not_taken) {
  put();
  buy("anna");
  wait(seconds(400));
  buy("anna");
  EXPECT_EQ(pay(1).code, Code::too_late);
}

TEST_F(PaymentOf, an_order_that_was_left_is_never_taken_back) {
  put();
  buy("anna");
  begin(1);
  EXPECT_EQ(cancel(1).order->reason, Reason::cancelled);
  EXPECT_EQ(pay(1).code, Code::too_late);
  EXPECT_EQ(order(1).money, Money::refund_due);
  EXPECT_EQ(item().available, 2);
}

TEST_F(PaymentOf, a_shop_is_told_to_give_the_money_back_and_never_anything_else_afterwards) {
  spec.payment = PaymentMode::shop;
  spec.items[0].stock = 1;
  spec.line_limit = 0;
  put();
  buy("anna");
  begin(1);
  wait(seconds(400));
  buy("ben");
  const Outcome late = pay(1);
  EXPECT_EQ(late.code, Code::too_late);
  EXPECT_EQ(late.order->money, Money::voided);
  cancel(2);
  const std::size_t before = events.size();
  EXPECT_EQ(pay(1).code, Code::too_late) << "the unit is free now, but the money went back";
  EXPECT_EQ(events.size(), before);
  EXPECT_EQ(item().available, 1);
}

TEST_F(PaymentOf, an_order_that_needed_no_longer_hold_does_not_use_up_the_extension) {
  spec.payment_attempts = 3;
  put();
  buy("anna");
  begin(1);  // 300 seconds are left, 120 are needed
  fail(1);
  wait(seconds(299));
  EXPECT_EQ(begin(1).order->expires_at, now + seconds(120));
  fail(1);
  wait(seconds(100));
  EXPECT_EQ(begin(1).order->expires_at, now + seconds(20)) << "but only once";
}

TEST_F(PaymentOf, a_shop_may_give_units_back_whatever_attempts_are_left) {
  spec.payment = PaymentMode::shop;
  spec.payment_attempts = 9;
  put();
  buy("anna");
  begin(1);
  EXPECT_EQ(run(Release{key_of(1), Reason::payment_failed}).order->reason, Reason::payment_failed);
  EXPECT_EQ(run(Release{key_of(1), Reason::payment_failed}).code, Code::ok);
  EXPECT_EQ(item().available, 2);
}

TEST_F(PaymentOf, a_refund_moves_the_money_once_and_the_units_when_asked) {
  spec.items[0].stock = 1;
  put();
  buy("anna");
  EXPECT_EQ(refund(1, false).code, Code::wrong_state) << "not paid";
  pay(1);
  EXPECT_EQ(refund(1, false).order->money, Money::refund_due);
  EXPECT_EQ(item().sold, 1) << "sold, whatever the money says";
  EXPECT_EQ(refund(1, false).code, Code::ok);
  EXPECT_EQ(refund(1, true).order->reason, Reason::refunded) << "the units may follow later";
  EXPECT_EQ(item().available, 1);
  EXPECT_EQ(refund(1, true).code, Code::ok);
  EXPECT_EQ(count<RefundDue>(), 1);
  EXPECT_EQ(pay(1).code, Code::wrong_state) << "nobody is told to give it back again";
}

TEST_F(PaymentOf, a_refund_with_restock_promotes_in_the_same_step) {
  put();
  buy("anna");
  buy("ben");
  pay(1);
  buy("cleo");
  refund(1, true);
  EXPECT_EQ(state(3), OrderState::held);
}

TEST_F(PaymentOf, a_refund_waits_for_the_capture) {
  put();
  buy("anna");
  pay(1, false);
  const Outcome early = refund(1, false);
  EXPECT_EQ(early.code, Code::wrong_state);
  EXPECT_FALSE(early.detail.empty());
}

TEST_F(PaymentOf, a_shops_refund_is_settled_by_saying_so) {
  spec.payment = PaymentMode::shop;
  put();
  buy("anna");
  pay(1);
  EXPECT_EQ(refund(1, true).order->money, Money::refunded);
  EXPECT_EQ(item().available, 2);
}

TEST_F(PaymentOf, an_order_that_waits_or_is_not_there_is_refused) {
  spec.items[0].stock = 1;
  put();
  buy("anna");
  buy("ben");
  EXPECT_EQ(begin(2).code, Code::wrong_state);
  EXPECT_EQ(pay(2).code, Code::wrong_state);
  EXPECT_EQ(begin(99).code, Code::unknown_order);
}

}  // namespace
}  // namespace dibs::sale

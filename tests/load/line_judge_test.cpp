// The line, judged from the buyers' answers: when it may have reopened, and who had no claim to
// what came back.

#include "load/line_judge.h"

#include <gtest/gtest.h>

#include "load/fairness.h"
#include "load/history.h"

namespace dibs::load {
namespace {

using testing::in_order;

// A line of one place for two units. Number 1 buys; 2 fails to pay, its unit goes to 3, who waited;
// 4 was refused; 3 fails too, nobody waits any more, and 5 is served: the line has reopened.
std::vector<Press> reopened_line() {
  using enum Outcome;
  auto presses = in_order({paid, payment_failed, payment_failed, sold_out, paid});
  presses[2].place = 1;
  presses[0].given_seq = 1;
  presses[1].given_seq = 2;
  presses[2].given_seq = 5;
  presses[4].given_seq = 8;
  return presses;
}

TEST(Fairness, ALineThatReopenedIsABorder) {
  const auto presses = reopened_line();
  const auto border = find_reopening(presses, {2, 1});
  ASSERT_EQ(border, 5U);
  const Fairness fair = judge_fairness(presses, {2}, {.arrival = border});
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.first_come_accuracy, 1);
  EXPECT_EQ(fair.eligible, 2U);
}

TEST(FairnessPlanted, ANewcomerServedWhileSomebodyWaitsIsNoReopening) {
  auto too_early = reopened_line();
  too_early[4].given_seq = 4;  // served before the one who waited was promoted
  EXPECT_EQ(find_reopening(too_early, {2, 1}), std::nullopt);
  auto in_vain = reopened_line();
  in_vain[2].outcome = Outcome::waiting_ended;
  in_vain[2].given = false;
  EXPECT_EQ(find_reopening(in_vain, {2, 1}), std::nullopt);
  EXPECT_GT(judge_fairness(in_vain, {2}).inversions, 0U);
  EXPECT_EQ(find_reopening(reopened_line(), {2, 2}), std::nullopt) << "the line was not full";
  EXPECT_EQ(find_reopening(reopened_line(), {2, 0}), std::nullopt) << "there was no line";
}

// Two units and a line of one place: number 3 waited and was refused its payment like number 2, and
// a unit lies there at the end.
std::vector<Press> unit_left_over() {
  using enum Outcome;
  auto presses = in_order({paid, payment_failed, payment_failed, sold_out, sold_out});
  presses[2].place = 1;
  return presses;
}

TEST(Fairness, AUnitThatCameBackWhenTheLineHadRunEmptyIsNobodysLoss) {
  const Fairness fair = judge_fairness(unit_left_over(), {.stock = 2, .line_limit = 1});
  EXPECT_EQ(fair.first, 1U);
  EXPECT_EQ(fair.first_come_accuracy, 1);
  EXPECT_EQ(fair.inversions, 0U);
}

TEST(FairnessPlanted, AUnitLeftOverThatSomebodyHadAClaimToIsALoss) {
  using enum Outcome;
  const auto accuracy = [](const std::vector<Press>& presses, const Offer& offer) {
    return judge_fairness(presses, offer).first_come_accuracy;
  };
  EXPECT_EQ(accuracy(unit_left_over(), {.stock = 2, .line_limit = 0}), 0.5) << "no line";
  EXPECT_EQ(accuracy(unit_left_over(), {.stock = 2, .line_limit = 2}), 0.5) << "not full";
  auto in_vain = unit_left_over();
  in_vain[2].outcome = waiting_ended;
  in_vain[2].given = false;
  EXPECT_EQ(accuracy(in_vain, {.stock = 2, .line_limit = 1}), 0.5) << "somebody still waited";
}

TEST(Fairness, WhatComesBackAfterTheCloseBelongsToNobody) {
  using enum Outcome;
  auto presses = in_order({paid, payment_failed, waiting_ended, waiting_ended});
  for (std::size_t i = 2; i < 4; ++i) {
    presses[i].place = i - 1;
    presses[i].state = "closed";
  }
  const Offer offer{.stock = 2, .line_limit = 10};
  const Border closed{.answered_ns = presses[3].answered_at_ns};
  EXPECT_EQ(judge_fairness(presses, offer, closed).first_come_accuracy, 1);
  EXPECT_EQ(judge_fairness(presses, offer).first_come_accuracy, 0.5) << "nothing was closed";
}

}  // namespace
}  // namespace dibs::load

// The judge of fairness: histories made by hand, whose answers are known, and random ones, on which
// a brute-force reading of the definitions must agree.

#include "load/fairness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "load/history.h"

namespace dibs::load {
namespace {

using testing::in_order;
using testing::press;

TEST(Fairness, InPerfectOrderEverythingIsFair) {
  using enum Outcome;
  const Fairness fair = judge_fairness(in_order({paid, paid, sold_out, sold_out}), {2});
  EXPECT_EQ(fair.first_come_accuracy, 1);
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.last_winner_rank, 2U);
  EXPECT_EQ(fair.fair_last_rank, 2U);
  EXPECT_EQ(fair.eligible, 4U);
  EXPECT_EQ(fair.arrival_inversions, 0U);
  EXPECT_EQ(fair.arrival_pairs, 6U);
}

TEST(Fairness, OneInversionIsCountedWithItsGapAndPlaces) {
  using enum Outcome;
  const Fairness fair = judge_fairness(in_order({paid, sold_out, sold_out, paid, sold_out}), {2});
  EXPECT_EQ(fair.inversions, 2U);  // presses 2 and 3 were passed by press 4
  EXPECT_EQ(fair.max_overtake, 2U);
  EXPECT_DOUBLE_EQ(fair.max_gap_ms, 1.9);
  EXPECT_DOUBLE_EQ(fair.first_come_accuracy, 0.5);
  EXPECT_EQ(fair.last_winner_rank, 4U);
  EXPECT_EQ(fair.fair_last_rank, 2U);
}

TEST(Fairness, PressesThatOverlapHaveNoOrder) {
  using enum Outcome;
  // The refused one was finished first, but the winner had begun before that.
  const std::vector<Press> presses = {press(0, 100, sold_out, 2), press(50, 150, paid, 1)};
  const Fairness fair = judge_fairness(presses, {1});
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.arrival_inversions, 0U);
  EXPECT_EQ(fair.arrival_pairs, 0U);
}

TEST(Fairness, GivingUpAndOwnFailureGiveNoClaim) {
  using enum Outcome;
  const Fairness fair = judge_fairness(
      in_order({entry_failed, payment_failed, cancelled, paid, paid, sold_out}), {2});
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.first_come_accuracy, 1);
  EXPECT_EQ(fair.eligible, 3U);
  EXPECT_EQ(fair.last_winner_rank, 5U);
  EXPECT_EQ(fair.fair_last_rank, 5U);
}

TEST(Fairness, AUnitGivenToALaterPressCountsEvenIfItsPaymentFails) {
  using enum Outcome;
  const Fairness fair = judge_fairness(in_order({paid, sold_out, payment_failed}), {1});
  EXPECT_EQ(fair.inversions, 1U);
  EXPECT_EQ(fair.first_come_accuracy, 1);
}

TEST(Fairness, AStoryThatTheToolCutShortGivesNoClaim) {
  using enum Outcome;
  auto presses = in_order({stranded, paid, sold_out});
  EXPECT_EQ(judge_fairness(presses, {2}).inversions, 1U);
  presses[0].final_at_ns = kNever;
  EXPECT_EQ(judge_fairness(presses, {2}).inversions, 0U);
}

TEST(Fairness, TheShopsFortySecondWinsOneOfTen) {
  using enum Outcome;
  std::vector<Outcome> outcomes(100, lock_failed);
  for (std::size_t i = 0; i < 9; ++i) outcomes[i] = paid;
  outcomes[41] = paid;
  const Fairness fair = judge_fairness(in_order(outcomes), {10});
  EXPECT_EQ(fair.last_winner_rank, 42U);
  EXPECT_EQ(fair.fair_last_rank, 10U);
  EXPECT_DOUBLE_EQ(fair.first_come_accuracy, 0.9);
  EXPECT_EQ(fair.inversions, 32U);
  EXPECT_EQ(fair.max_overtake, 32U);
}

TEST(Fairness, NoComparisonCrossesTheBorder) {
  using enum Outcome;
  const auto presses = in_order({paid, sold_out, sold_out, paid, paid});
  EXPECT_EQ(judge_fairness(presses, {3}).inversions, 4U);
  const std::int64_t border = presses[2].answered_at_ns;
  const Fairness fair = judge_fairness(presses, {3}, {.answered_ns = border});
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.eligible, 3U);
  EXPECT_EQ(fair.border.answered_ns, border);
  // Two of the three units were sold behind the border, and the first has the third.
  EXPECT_EQ(fair.first_come_accuracy, 1);
  // Unless two were added there: then all three were for those before it.
  EXPECT_EQ(judge_fairness(presses, {.stock = 3, .added = 2}, {.answered_ns = border}).first, 3U);
}

TEST(Fairness, NobodyEligibleIsFair) {
  using enum Outcome;
  const Fairness fair = judge_fairness(in_order({entry_failed, refused_early, error}), {10});
  EXPECT_EQ(fair.first_come_accuracy, 1);
  EXPECT_EQ(fair.last_winner_rank, 0U);
  EXPECT_EQ(fair.eligible, 0U);
}

TEST(Fairness, NumbersGivenOutOfOrderAreSeenEvenIfNobodyLostAUnit) {
  using enum Outcome;
  auto presses = in_order({sold_out, sold_out, sold_out, sold_out});
  presses[0].arrival = 4;  // passed by all three others
  presses[1].arrival = 1;
  presses[2].arrival = 2;
  presses[3].arrival = 3;
  const Fairness fair = judge_fairness(presses, {0});
  EXPECT_EQ(fair.inversions, 0U);
  EXPECT_EQ(fair.arrival_inversions, 3U);
  EXPECT_EQ(fair.arrival_max_overtake, 3U);
  EXPECT_DOUBLE_EQ(fair.arrival_max_gap_ms, 2.9);
}

// ---- against a brute force ---------------------------------------------------------------------

/// "A before B", as the header defines it; and the planted bug, which forgets the overlap.
using Before = bool (*)(const Press&, const Press&);
bool wholly_before(const Press& a, const Press& b) { return a.sent_done_ns < b.sent_at_ns; }
bool begun_before(const Press& a, const Press& b) { return a.sent_at_ns < b.sent_at_ns; }

/// Every pair is looked at; shares nothing with the judge but is_eligible.
Fairness brute_force(const std::vector<Press>& presses, Before before) {
  Fairness out;
  const auto gap_ms = [](const Press& a, const Press& b) {
    return static_cast<double>(b.sent_at_ns - a.sent_done_ns) / 1e6;
  };
  for (std::size_t i = 0; i < presses.size(); ++i) {
    for (std::size_t k = 0; k < presses.size(); ++k) {
      const Press& a = presses[i];
      const Press& b = presses[k];
      if (i == k || !before(a, b)) continue;
      if (b.given && is_eligible(a) && !a.given) {
        ++out.inversions;
        out.max_gap_ms = std::max(out.max_gap_ms, gap_ms(a, b));
        out.max_overtake = std::max(out.max_overtake, k - i);
      }
      if (a.arrival == 0 || b.arrival == 0) continue;
      ++out.arrival_pairs;
      if (a.arrival <= b.arrival) continue;
      ++out.arrival_inversions;
      out.arrival_max_gap_ms = std::max(out.arrival_max_gap_ms, gap_ms(a, b));
      out.arrival_max_overtake = std::max(out.arrival_max_overtake, k - i);
    }
  }
  return out;
}

std::vector<Press> random_history(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  std::vector<Press> out(1 + below(60));
  std::vector<std::uint64_t> arrivals(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) arrivals[i] = i + 1;
  const std::uint64_t swaps = below(4);
  for (std::uint64_t i = 0; i < swaps; ++i) {
    std::swap(arrivals[below(out.size())], arrivals[below(out.size())]);
  }
  std::int64_t time = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    time += static_cast<std::int64_t>(below(40));
    const auto length = static_cast<std::int64_t>(below(60));
    out[i] = press(time, time + length, static_cast<Outcome>(below(kOutcomeCount)), arrivals[i]);
  }
  sort_by_press(out);
  return out;
}

bool same(const Fairness& a, const Fairness& b) {
  return a.inversions == b.inversions && a.max_overtake == b.max_overtake &&
         a.max_gap_ms == b.max_gap_ms && a.arrival_inversions == b.arrival_inversions &&
         a.arrival_max_overtake == b.arrival_max_overtake &&
         a.arrival_max_gap_ms == b.arrival_max_gap_ms && a.arrival_pairs == b.arrival_pairs;
}

TEST(Fairness, AgreesWithABruteForceOnRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    std::mt19937_64 random(seed);
    const auto history = random_history(random);
    ASSERT_TRUE(same(judge_fairness(history, {5}), brute_force(history, wholly_before)))
        << "seed " << seed;
  }
}

TEST(FairnessPlanted, AComparisonThatForgetsTheOverlapIsCaughtByTheBruteForce) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 random(seed);
    const auto history = random_history(random);
    caught += same(judge_fairness(history, {5}), brute_force(history, begun_before)) ? 0 : 1;
  }
  EXPECT_GT(caught, 50);
}

}  // namespace
}  // namespace dibs::load

// The tool end to end, against a small server that can be told to misbehave. Each misbehaviour is a
// bug planted for one of the tool's checks, and must be named by it.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "load/fake_server.h"
#include "load/load.h"
#include "load/run_helpers.h"

namespace dibs::load {
namespace {

using testing::all_of;
using testing::Bug;
using testing::FakeServer;
using testing::options_for;
using testing::run_against;
using testing::says;

Run run_with(Bug bug) {
  const FakeServer server({.bug = bug});
  Options options = options_for(server);
  options.patience = std::chrono::seconds(2);
  return run_against(server, options);
}

std::uint64_t sum_of_outcomes(const Run& run) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : run.outcomes) sum += count;
  return sum;
}

TEST(LoadRun, EveryBuyerHasOneOutcomeAndTheUnitsGoToTheFirst) {
  const FakeServer server({});
  const auto run = run_against(server, options_for(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(exit_status(run), 0);
  EXPECT_EQ(sum_of_outcomes(run), 300U);
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_EQ(run.count(Outcome::entry_failed), 60U);
  EXPECT_EQ(run.fairness.first_come_accuracy, 1);
  EXPECT_EQ(run.fairness.last_winner_rank, run.fairness.fair_last_rank);
  EXPECT_GT(run.fairness.arrival_pairs, 0U);
  EXPECT_GT(run.count(Outcome::waiting_ended), 0U);
}

TEST(LoadRun, TheSameSeedDrawsTheSameBuyers) {
  const auto losers = [](std::uint64_t seed) {
    const FakeServer server({});
    Options options = options_for(server);
    options.seed = seed;
    std::vector<std::uint32_t> out;
    for (const Press& press : run_against(server, options).presses) {
      if (press.leaves_early) out.push_back(press.buyer);
    }
    std::ranges::sort(out);
    return out;
  };
  EXPECT_EQ(losers(7), losers(7));
  EXPECT_NE(losers(7), losers(8));
}

TEST(LoadRun, OpenLoopSendsEachPressWhenItIsDue) {
  const FakeServer server({});
  Options options = options_for(server);
  options.pacing = Pacing::rate;
  options.per_second = 2'000;
  const auto run = run_against(server, options);
  EXPECT_EQ(all_of(run), "");
  EXPECT_GE(run.seconds_total, 299 / 2'000.0);
  for (const Press& press : run.presses) EXPECT_GE(press.sent_at_ns, press.due_ns);
}

TEST(LoadRun, EachPressMayHaveAConnectionOfItsOwn) {
  const FakeServer server({});
  Options options = options_for(server);
  options.new_connections = true;
  options.unanswered_max = 50;
  const auto run = run_against(server, options);
  EXPECT_EQ(all_of(run), "");
  EXPECT_GE(server.connections_accepted(), 300U);
}

TEST(LoadRun, AKnownOrderIsSentOneStrictlyAfterAnother) {
  const FakeServer server({});
  Options options = options_for(server);
  options.pacing = Pacing::known_order;
  options.entry_failure = 0;
  const auto run = run_against(server, options);
  // Every pair has an order in time. (The fake server reads with poll, so it may well number them
  // wrongly: that is its affair.)
  EXPECT_EQ(run.fairness.arrival_pairs, 300U * 299U / 2U);
  for (std::size_t i = 1; i < run.presses.size(); ++i) {
    EXPECT_LT(run.presses[i - 1].sent_done_ns, run.presses[i].sent_at_ns);
    EXPECT_EQ(run.presses[i].buyer, i);
  }
}

TEST(LoadRun, AShopConfirmsAndReleasesByItself) {
  const FakeServer server({.payment = "shop"});
  Options options = options_for(server);
  options.credentials = {Credentials::Kind::shop, "shop-key", ""};
  const auto run = run_against(server, options);
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 10U);
}

TEST(LoadRun, ASaleWithNothingToPayIsFinalAtOnce) {
  const FakeServer server({.payment = "none"});
  const auto run = run_against(server, options_for(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 10U);
}

TEST(LoadRun, WithoutAStreamTheWaitingAskForThemselves) {
  const FakeServer server({.stream = false});
  const auto run = run_against(server, options_for(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_GT(run.count(Outcome::waiting_ended), 0U);
}

TEST(LoadRun, WithTheLineOffAFailedPaymentShowsAsInversion) {
  const FakeServer server({.line_limit = 0});
  Options options = options_for(server);
  options.connections = 60;  // so that somebody is refused before the first payment fails
  options.payment_failure = 0.5;
  const auto run = run_against(server, options);
  EXPECT_GT(run.fairness.inversions, 0U);
  EXPECT_TRUE(says(run, "Not first come, first served")) << all_of(run);
  EXPECT_EQ(exit_status(run), 1);
}

TEST(LoadRun, UnitsLeftOverBehindALineThatWasFullAreNobodysLoss) {
  // All have pressed before the first payment is made, a second later.
  const FakeServer server({.stock = 100, .line_limit = 5, .slows_payments = true});
  Options options = options_for(server);
  options.buyers = options.connections = 150;
  options.payment_failure = 0.5;
  const auto run = run_against(server, options);
  EXPECT_EQ(all_of(run), "");
  EXPECT_LT(run.count(Outcome::paid), 100U);
  EXPECT_GT(run.count(Outcome::sold_out), 0U);
}

TEST(LoadRun, AMissingServerIsNoRunAtAll) {
  Options options;
  {
    const FakeServer server({});
    options = options_for(server);
  }
  const auto run = load::run(options);
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().kind, FaultKind::unavailable);
}

TEST(LoadRun, AnUnknownSaleIsNoRunAtAll) {
  const FakeServer server({});
  Options options = options_for(server);
  options.sale = "another";
  const auto run = load::run(options);
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().kind, FaultKind::not_found);
}

// ---- planted bugs ------------------------------------------------------------------------------

TEST(LoadRunPlanted, SellingElevenOfTenIsSeen) {
  const auto run = run_with(Bug::oversell);
  EXPECT_EQ(run.oversold, 1U);
  EXPECT_TRUE(says(run, "Oversold: 1 more than the 10")) << all_of(run);
}

TEST(LoadRunPlanted, SendingTheFirstAwayIsSeen) {
  const auto run = run_with(Bug::later_first);
  EXPECT_LT(run.fairness.first_come_accuracy, 1);
  EXPECT_GE(run.fairness.inversions, 1U);
  EXPECT_TRUE(says(run, "Not first come, first served")) << all_of(run);
}

TEST(LoadRunPlanted, AConnectionCutIsSeen) {
  const auto run = run_with(Bug::cut);
  EXPECT_EQ(run.count(Outcome::error), 0U) << "pressed again with the same key";
  EXPECT_TRUE(says(run, "A request was not answered (1 times)")) << all_of(run);
}

TEST(LoadRunPlanted, ALineThatNeverEndsIsSeen) {
  const auto run = run_with(Bug::forgets_the_line);
  EXPECT_GT(run.count(Outcome::stranded), 0U);
  EXPECT_TRUE(says(run, "never finished")) << all_of(run);
}

TEST(LoadRunPlanted, BeingTurnedAwayBeforeTheRulesIsSeen) {
  const auto run = run_with(Bug::turns_away);
  EXPECT_GT(run.count(Outcome::refused_early), 0U);
  EXPECT_TRUE(says(run, "turned away before the rules")) << all_of(run);
}

struct Planted {
  Bug bug;
  std::string_view words;
};

class LoadRunContract : public ::testing::TestWithParam<Planted> {};

TEST_P(LoadRunContract, IsHeldAgainstTheServer) {
  const auto run = run_with(GetParam().bug);
  EXPECT_TRUE(says(run, GetParam().words)) << all_of(run);
  EXPECT_EQ(exit_status(run), 1);
  for (const std::string& sentence : verdict(run, Language::korean)) {
    EXPECT_EQ(sentence.find(GetParam().words), std::string::npos) << "not in Korean: " << sentence;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Planted, LoadRunContract,
    ::testing::Values(
        Planted{Bug::wrong_status, "a code or status that the contract does not know"},
        Planted{Bug::wrong_type, "wrong content type"},
        Planted{Bug::unknown_code, "a code or status that the contract does not know"},
        Planted{Bug::missing_arrival, "lacks its arrival"},
        Planted{Bug::duplicate_arrival, "given twice"},
        Planted{Bug::shuffled_arrivals, "numbered out of order"},
        Planted{Bug::other_buyer, "another buyer's order"},
        Planted{Bug::same_order, "Two buyers were given the same order"},
        Planted{Bug::all_paid, "not as its buyer last saw it"},
        Planted{Bug::failure_pays, "payment was declined and whose order is paid"},
        Planted{Bug::forgets_keys, "A replay was not answered with 201"},
        Planted{Bug::no_expiry_shown, "does not say when the hold ends"},
        Planted{Bug::wrong_books, "do not add up to the total"}));

}  // namespace
}  // namespace dibs::load

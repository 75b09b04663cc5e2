// Runs in which something happens to the sale, the server or a connection: what is no fault of the
// server must not be held against it, and what is must be.

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "load/fake_server.h"
#include "load/load.h"
#include "load/preflight.h"
#include "load/run_helpers.h"

namespace dibs::load {
namespace {

using testing::all_of;
using testing::Bug;
using testing::FakeServer;
using testing::options_for;
using testing::run_against;
using testing::says;

/// A run long enough for something to happen in its middle.
Options steady(const FakeServer& server) {
  Options options = options_for(server);
  options.pacing = Pacing::rate;
  options.per_second = 500;
  options.payment_failure = 0;
  return options;
}

// ---- the sale changes --------------------------------------------------------------------------

TEST(LoadTrouble, UnitsAddedDuringTheRunAreNotOversold) {
  const FakeServer server({.restock_after = 150});
  const auto run = run_against(server, steady(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 15U);
  EXPECT_EQ(run.oversold, 0U);
  EXPECT_NE(all_held(run, Language::english).find("15 of 15 units"), std::string::npos);
}

// All is sold and quiet long before the units come. The comparison must reach nearly to them.
TEST(LoadTrouble, AQuietStreamDoesNotMoveTheBorderBack) {
  const FakeServer server({.line_limit = 0, .restock_after = 200});
  const auto run = run_against(server, steady(server));
  ASSERT_TRUE(run.fairness.border.answered_ns.has_value());
  const auto restock = std::ranges::find_if(run.stock_curve, [](const StockSample& sample) {
    return sample.available + sample.held + sample.sold == 15;
  });
  ASSERT_NE(restock, run.stock_curve.end());
  ASSERT_NE(restock, run.stock_curve.begin());
  const std::int64_t quiet_from = (restock - 1)->at_ns;
  EXPECT_GT(*run.fairness.border.answered_ns, (quiet_from + restock->at_ns) / 2);
}

TEST(LoadTrouble, TooMuchSoldIsSeenBehindUnitsAddedToo) {
  const FakeServer server({.bug = Bug::oversell, .restock_after = 150});
  const auto run = run_against(server, steady(server));
  EXPECT_EQ(run.oversold, 1U);
}

TEST(LoadTrouble, ASaleThatClosesRefusesByItsRules) {
  const FakeServer server({.close_after = 150});
  const auto run = run_against(server, steady(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::error), 0U);
  EXPECT_GT(run.count(Outcome::refused_early), 0U);
  EXPECT_EQ(run.codes.at("closed"), run.count(Outcome::refused_early));
  EXPECT_NE(table(run).find("refused: closed"), std::string::npos);
}

TEST(LoadTrouble, BuyersWhoHaveTheirShareAreRefusedByTheRules) {
  const FakeServer server({.limit_reached_every = 10});
  const auto run = run_against(server, options_for(server));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::refused_early), 24U);
  EXPECT_EQ(run.turned_away(), 0U);
  EXPECT_NE(table(run).find("refused: limit_reached"), std::string::npos);
}

// ---- before the first press --------------------------------------------------------------------

void expect_no_run(const Options& options, std::string_view words) {
  const auto run = load::run(options);
  ASSERT_FALSE(run.has_value()) << words;
  EXPECT_EQ(run.error().kind, FaultKind::bad_input) << words;
  EXPECT_NE(run.error().what.find(words), std::string::npos) << run.error().what;
}

TEST(LoadTrouble, NobodyPressesWhereNobodyCanBuy) {
  const FakeServer closed({.state = "closed"});
  expect_no_run(options_for(closed), "is closed");
  const FakeServer paused({.state = "paused"});
  expect_no_run(options_for(paused), "is paused");
  const FakeServer strange({.knows_nobody = true});
  expect_no_run(options_for(strange), "401");
  const FakeServer shop({.payment = "shop"});
  expect_no_run(options_for(shop), "the shop takes the money");
}

TEST(LoadTrouble, OptionsThatDoNotFitTogetherAreRefused) {
  Options options;
  options.sale = "rush";
  EXPECT_TRUE(check_options(options).has_value());
  options.pacing = Pacing::known_order;
  EXPECT_TRUE(check_options(options).has_value());
  options.new_connections = true;
  EXPECT_FALSE(check_options(options).has_value());
  options.new_connections = false;
  options.buyers = kKnownOrderMax + 1;
  EXPECT_FALSE(check_options(options).has_value());
  options.pacing = Pacing::rate;
  for (const double rate : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity()}) {
    options.per_second = rate;
    EXPECT_FALSE(check_options(options).has_value()) << rate;
  }
}

TEST(LoadTrouble, AnAddressMayBeOfEitherKind) {
  Options options;
  EXPECT_TRUE(set_url(options, "http://[::1]:8081/").has_value());
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.port, 8081);
  EXPECT_EQ(authority(options), "[::1]:8081");
  EXPECT_TRUE(set_url(options, "localhost:99").has_value());
  EXPECT_EQ(authority(options), "localhost:99");
  for (const char* bad : {"http://[::1", "http://[::1]x:80", "https://a:1", "http://a/b", ":80"}) {
    EXPECT_FALSE(set_url(options, bad).has_value()) << bad;
  }
}

// ---- the server is lost ------------------------------------------------------------------------

Run run_until_lost(const FakeServer& server) {
  Options options = options_for(server);
  options.patience = std::chrono::seconds(1);
  return run_against(server, options);
}

void expect_lost(const Run& run) {
  EXPECT_EQ(all_of(run), "") << "nothing is known to be broken";
  EXPECT_FALSE(run.invalid_because.empty());
  EXPECT_EQ(exit_status(run), 3);
  EXPECT_FALSE(run.tps.has_value());
  EXPECT_NE(table(run).find("INVALID RUN: The server was lost"), std::string::npos);
}

TEST(LoadTrouble, AServerThatHangsIsAskedOnceMoreAndNotAThousandTimes) {
  const FakeServer server({.stock = 1'000, .freeze_after = 100});
  const auto run = run_until_lost(server);
  EXPECT_TRUE(run.timed_out);
  expect_lost(run);
}

TEST(LoadTrouble, AServerThatDiesIsNotAccusedOfWhatItCouldNotAnswer) {
  const FakeServer server({.die_after = 100});
  expect_lost(run_until_lost(server));
}

// ---- connections and refusals on the way -------------------------------------------------------

TEST(LoadTrouble, APressWithoutAnAnswerFindsItsOrderByItsKey) {
  const FakeServer server({.bug = Bug::cut_answer});
  const auto run = run_against(server, options_for(server));
  EXPECT_EQ(all_of(run), "Contract: A request was not answered (1 times).\n");
  EXPECT_EQ(run.count(Outcome::error), 0U);
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_TRUE(run.codes.find("") == run.codes.end());
}

TEST(LoadTrouble, APaymentThatIsSlowedDownIsMadeWhenTheServerSays) {
  const FakeServer server({.slows_payments = true});
  Options options = options_for(server);
  options.payment_failure = 0;
  const auto run = run_against(server, options);
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_EQ(run.later_refusals.at("slow_down"), 10U) << "asked again before its Retry-After";
  EXPECT_FALSE(run.codes.contains("slow_down")) << "it was made in the end";
  EXPECT_NE(table(run).find("refused after the press: slow_down"), std::string::npos);
}

TEST(LoadTrouble, APaymentThatIsDeniedIsNamed) {
  const FakeServer server({.bug = Bug::denies_payment});
  Options options = options_for(server);
  options.patience = std::chrono::seconds(1);  // those in the line wait for units in vain
  const auto run = run_against(server, options);
  EXPECT_TRUE(says(run, "never finished")) << all_of(run);
  EXPECT_EQ(run.codes.at("forbidden"), 10U);
}

TEST(LoadTrouble, ARateSlowerThanThePatienceIsNoStandstill) {
  const FakeServer server({});
  Options options = options_for(server);
  options.buyers = 2;
  options.pacing = Pacing::rate;
  options.per_second = 0.5;
  options.patience = std::chrono::seconds(1);
  EXPECT_FALSE(run_against(server, options).timed_out);
}

TEST(LoadTrouble, ProgressCountsTheBuyersWhoHaveAnAnswer) {
  const FakeServer server({});
  std::uint64_t answered = 0;
  const auto run = load::run(options_for(server),
                             [&](const Progress& progress) { answered = progress.answered; });
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(answered, 300U);
}

}  // namespace
}  // namespace dibs::load

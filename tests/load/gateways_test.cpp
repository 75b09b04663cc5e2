// Several gateways of one sale: how the crowd is spread over them, and which order is promised.

#include <gtest/gtest.h>

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

Options options_for_both(const FakeServer& first, const FakeServer& second) {
  Options options = options_for(first);
  options.further = {{"127.0.0.1", second.port()}};
  return options;
}

TEST(Gateways, SellOneStockToBuyersSpreadEvenly) {
  const FakeServer first({});
  const FakeServer second({}, first);
  const auto run = run_against(first, options_for_both(first, second));
  EXPECT_EQ(all_of(run), "");
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_EQ(run.oversold, 0U);
  EXPECT_EQ(run.sale_after->sold, 10U);
  // Half of the crowd's connections each, the stream, and who asks before and after.
  EXPECT_EQ(first.connections_accepted(), second.connections_accepted());
  EXPECT_GE(second.connections_accepted(), 11U);
}

/// One gateway that hands everything on late: its buyers are overtaken by those of the other.
TEST(Gateways, MayOvertakeEachOtherAndTheRunSaysSo) {
  const FakeServer first({.line_limit = 0});
  const FakeServer second({.line_limit = 0, .late = std::chrono::milliseconds(20)}, first);
  Options options = options_for_both(first, second);
  options.payment_failure = 0;
  const auto run = run_against(first, options);
  EXPECT_EQ(all_of(run), "") << "no promise is broken";
  ASSERT_TRUE(run.same_gateway.has_value());
  EXPECT_EQ(run.same_gateway->inversions, 0U);
  EXPECT_GT(run.inversions_across_gateways(), 0U);
  EXPECT_EQ(run.inversions_across_gateways(), run.fairness.inversions);
  EXPECT_LT(run.fairness.first_come_accuracy, 1);
  EXPECT_NE(all_held(run, Language::english).find("in order at each gateway"), std::string::npos);
  const std::string json = to_json(run);
  EXPECT_NE(json.find("\"inversions_same_gateway\": 0"), std::string::npos) << json;
  EXPECT_EQ(json.find("\"inversions_across_gateways\": 0,"), std::string::npos);
}

TEST(Gateways, AreEachHeldToTheirOwnOrder) {
  const FakeServer first({.line_limit = 0, .bug = Bug::later_first});
  const FakeServer second({}, first);
  const auto run = run_against(first, options_for_both(first, second));
  EXPECT_TRUE(says(run, "Not first come, first served: at one gateway")) << all_of(run);
  EXPECT_GT(run.same_gateway->inversions, 0U);
}

TEST(Gateways, WithNumbersOutOfOrderAtOneOfThemAreFound) {
  const FakeServer first({.bug = Bug::shuffled_arrivals});
  const FakeServer second({}, first);
  const auto run = run_against(first, options_for_both(first, second));
  EXPECT_TRUE(says(run, "Arrivals were numbered out of order")) << all_of(run);
}

TEST(Gateways, AreAskedForTheSameKeyAndMustNotSellTwice) {
  const FakeServer first({.bug = Bug::forgets_keys});
  const FakeServer second({}, first);
  const auto run = run_against(first, options_for_both(first, second));
  EXPECT_TRUE(says(run, "Contract: A replay")) << all_of(run);
}

TEST(Gateways, ThatEachSellForThemselvesAreFound) {
  const FakeServer first({});
  const FakeServer second({.stock = 9});  // of a sale of its own
  const auto run = run_against(first, options_for_both(first, second));
  EXPECT_TRUE(says(run, "An arrival number was given twice")) << all_of(run);
  EXPECT_TRUE(says(run, "Gateways show different stock of the same sale")) << all_of(run);
  EXPECT_EQ(run.oversold, 9U);
}

TEST(Gateways, WithBooksApartAreAddedUp) {
  const FakeServer first({.stock = 5, .line_limit = 0});
  const FakeServer second({.stock = 5, .line_limit = 0});
  Options options = options_for_both(first, second);
  options.books_apart = true;
  options.replays = false;
  const auto run = run_against(first, options);
  EXPECT_EQ(run.sale_before.available, 5) << "the same five";
  EXPECT_EQ(run.count(Outcome::paid), 10U);
  EXPECT_EQ(run.sale_after->sold, 10U);
  EXPECT_EQ(run.sale_after->available, -5);
  EXPECT_EQ(run.units_missing(), 0);
  EXPECT_EQ(run.oversold, 5U);
}

TEST(Gateways, NeedAConnectionEach) {
  const FakeServer first({});
  Options options = options_for_both(first, first);
  options.connections = 1;
  const auto run = load::run(options);
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().kind, FaultKind::bad_input);
}

}  // namespace
}  // namespace dibs::load

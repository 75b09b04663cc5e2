// The comparison of runs made by hand.

#include "load/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "load/words.h"

namespace dibs::load {
namespace {

namespace json = boost::json;

/// `seconds` long, every buyer answered and final after `ms`; the first one bought.
Run run_of(const std::string& strategy, int buyers, double seconds, int ms) {
  Run run;
  run.options.strategy = strategy;
  run.stock = 1;
  run.sale_before.total = 1;
  run.sale_after = run.sale_before;
  run.sale_after->sold = 1;
  for (int i = 0; i < buyers; ++i) {
    Press press;
    press.buyer = static_cast<std::uint32_t>(i);
    press.sent_at_ns = i * 1'000;
    press.sent_done_ns = press.sent_at_ns + 100;
    press.answered_at_ns = press.final_at_ns = press.sent_at_ns + ms * 1'000'000;
    press.outcome = i == 0 ? Outcome::paid : Outcome::sold_out;
    press.given = i == 0;
    run.presses.push_back(press);
  }
  run.presses.back().final_at_ns = static_cast<std::int64_t>(seconds * 1e9);
  summarise(run, std::nullopt);
  return run;
}

Comparison two_cases() {
  Comparison all;
  all.options.buyers = 10;
  all.stock = 1;
  all.runs = 2;
  all.baseline = "lock";
  all.cases.push_back({.strategy = "lock",
                       .promises = false,
                       .unavailable = std::nullopt,
                       .runs = {run_of("lock", 10, 1.0, 10), run_of("lock", 10, 3.0, 10)}});
  all.cases.push_back({.strategy = "redis",
                       .promises = true,
                       .unavailable = Sentence{"not to be had", "없음"},
                       .runs = {}});
  all.cases.push_back({.strategy = "engine",
                       .promises = true,
                       .unavailable = std::nullopt,
                       .runs = {run_of("engine", 10, 0.5, 10), run_of("engine", 10, 0.5, 10)}});
  return all;
}

/// The shop's own arithmetic is the golden case: its figures, its percentages.
TEST(Comparison, ComesToThePercentagesThatTheShopPublished) {
  const Change change = published_change();
  EXPECT_EQ(fixed(change.tps.value(), 2), "33.92");
  EXPECT_EQ(fixed(change.seconds_total, 2), "-52.71");
  EXPECT_EQ(fixed(change.latency_final_mean, 2), "-51.94");
}

TEST(Comparison, TakesMeansOverTheRunsAndChangesBetweenTheMeans) {
  const Comparison all = two_cases();
  const Means lock = means_of(all.cases[0]);
  EXPECT_DOUBLE_EQ(lock.seconds_total, 2.0);
  EXPECT_DOUBLE_EQ(lock.tps.value(), (10.0 + 10.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(lock.outcomes[index_of(Outcome::paid)], 1);
  const Change change = change_between(lock, means_of(all.cases[2]));
  EXPECT_DOUBLE_EQ(change.seconds_total, -75);
  EXPECT_DOUBLE_EQ(change.tps.value(), 200);
}

TEST(Comparison, WritesTheJsonThatTheApiNamesWithEveryStrategyAskedFor) {
  const json::object object = json::parse(to_json(two_cases())).as_object();
  for (const char* name : {"settings", "machine", "baseline", "cases"}) {
    EXPECT_TRUE(object.contains(name)) << name;
  }
  const json::array& cases = object.at("cases").as_array();
  ASSERT_EQ(cases.size(), 3U);
  EXPECT_EQ(cases[1].at("strategy"), "redis");
  EXPECT_EQ(cases[1].at("unavailable"), "not to be had");
  EXPECT_EQ(cases[1].at("runs").as_array().size(), 0U);
  const json::object& engine = cases[2].as_object();
  for (const char* name : {"strategy", "requests", "stock", "seconds_total", "tps", "latency_ms",
                           "latency_final_ms", "outcomes", "fairness", "oversold", "resources"}) {
    EXPECT_TRUE(engine.contains(name)) << name;
    EXPECT_TRUE(engine.at("runs").at(0).as_object().contains(name)) << name;
  }
  EXPECT_EQ(engine.at("runs").as_array().size(), 2U);
  EXPECT_DOUBLE_EQ(engine.at("change_percent").at("seconds_total").to_number<double>(), -75);
  EXPECT_DOUBLE_EQ(engine.at("change_percent").at("tps").to_number<double>(), 200);
  EXPECT_TRUE(engine.at("change_percent").as_object().contains("latency_final_mean"));
  // The case before is the one before that was measured.
  EXPECT_DOUBLE_EQ(
      engine.at("change_percent_from_case_before").at("seconds_total").to_number<double>(), -75);
  EXPECT_EQ(object.at("published").at("change_percent").at("tps").to_number<double>(), 33.92);
}

TEST(Comparison, ShowsEveryCaseInItsTableAndLeavesNoneOutSilently) {
  const std::string text = table(two_cases(), Language::english);
  for (const char* words : {"lock", "engine", "redis", "not to be had", "run 2", "mean", "vs lock",
                            "-75.00 %", "+33.92 %", "-52.71 %", "-51.94 %"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words;
  }
  EXPECT_NE(table(two_cases(), Language::korean).find("없음"), std::string::npos);
}

TEST(Comparison, HasOneRowARunInItsCsv) {
  const std::string csv = to_csv(two_cases());
  EXPECT_EQ(std::ranges::count(csv, '\n'), 5);
  EXPECT_TRUE(csv.starts_with("strategy,run,entry_failed,lock_failed,"));
  const std::string head = csv.substr(0, csv.find('\n'));
  const std::string row = csv.substr(csv.find("\nlock,1,") + 1);
  EXPECT_EQ(std::ranges::count(head, ','), std::ranges::count(row.substr(0, row.find('\n')), ','));
}

/// A design of the past is expected to do wrong; Dibs is not.
TEST(Comparison, FailsForABrokenPromiseOfDibsAndNotForAFindingOfABaseline) {
  Comparison all = two_cases();
  EXPECT_EQ(exit_status(all), 0);
  all.cases[0].runs[0].oversold = 5;
  EXPECT_EQ(exit_status(all), 0);
  EXPECT_NE(table(all, Language::english).find("- Oversold: 5 more"), std::string::npos);
  all.cases[2].runs[1].oversold = 1;
  EXPECT_EQ(exit_status(all), 1);
  EXPECT_NE(table(all, Language::english).find("BROKEN: Oversold: 1 more"), std::string::npos);
  all.cases[2].runs[1].oversold = 0;
  all.cases[1].broke_down = true;
  EXPECT_EQ(exit_status(all), 3) << "a server that did not start";
  all.cases[1].broke_down = false;
  all.cases[0].runs[0].sale_after.reset();
  EXPECT_EQ(exit_status(all), 3) << "a server that is gone";
}

/// Of what several gateways mean, every report speaks; with one gateway, none.
TEST(Comparison, SaysInEveryReportThatOrderIsPromisedPerGateway) {
  Comparison all = two_cases();
  constexpr std::string_view kPromise = "Order is promised at each gateway";
  constexpr std::string_view kOnlyOne = "engine has one gateway";
  for (const std::string& report :
       {table(all, Language::english), to_json(all), to_html(all, Language::english)}) {
    EXPECT_EQ(report.find(kPromise), std::string::npos);
  }
  all.gateways = 2;
  for (auto& run : all.cases[0].runs) {
    run.options.further = {{"127.0.0.1", 1}};
    run.fairness.inversions = 7;
    run.same_gateway = {.inversions = 3};
  }
  for (const std::string& report :
       {table(all, Language::english), to_json(all), to_html(all, Language::english)}) {
    EXPECT_NE(report.find(kPromise), std::string::npos) << report;
    EXPECT_NE(report.find(kOnlyOne), std::string::npos);
  }
  EXPECT_NE(table(all, Language::korean).find("게이트웨이별로"), std::string::npos);
  const json::object lock = json::parse(to_json(all)).at("cases").at(0).as_object();
  EXPECT_EQ(lock.at("gateways"), 2);
  EXPECT_EQ(lock.at("fairness").at("inversions").to_number<double>(), 7);
  EXPECT_EQ(lock.at("fairness").at("inversions_same_gateway").to_number<double>(), 3);
  EXPECT_EQ(lock.at("fairness").at("inversions_across_gateways").to_number<double>(), 4);
  EXPECT_NE(to_csv(all).find(",2,3\n"), std::string::npos);
}

/// Across gateways nothing is promised; at one of them everything is.
TEST(Comparison, BlamesDibsForTheOrderAtOneGatewayOnly) {
  Comparison all = two_cases();
  all.gateways = 2;
  auto& run = all.cases[2].runs[0];
  run.options.further = {{"127.0.0.1", 1}};
  run.fairness.inversions = 5;
  run.fairness.first_come_accuracy = 0.5;
  run.same_gateway.emplace();
  EXPECT_EQ(exit_status(all), 0);
  run.same_gateway->inversions = 1;
  EXPECT_EQ(exit_status(all), 1);
  run.same_gateway.reset();
  run.options.further.clear();
  EXPECT_EQ(exit_status(all), 1) << "with one gateway the same is a broken promise";
}

TEST(Comparison, CountsUnitsThatAreLostOrInvented) {
  auto run = run_of("queue", 10, 1.0, 10);
  EXPECT_EQ(run.units_missing(), 0);
  run.sale_after->available = -1;
  run.sale_after->sold = 1;
  EXPECT_EQ(run.units_missing(), 1) << "lost";
  run.sale_after->available = 3;
  EXPECT_EQ(run.units_missing(), -3) << "invented";
}

}  // namespace
}  // namespace dibs::load

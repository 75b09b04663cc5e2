// The console's figures: made once a second for all who look.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "api/harness.h"
#include "api/latency_histogram.h"

namespace dibs::api::test {
namespace {

std::unique_ptr<Client> follow(const Harness& server, const std::string& sale) {
  auto client = std::make_unique<Client>(server.address());
  EXPECT_EQ(client->call("GET", "/v1/sales/" + sale + "/live", as_operator()).status, 200);
  return client;
}

boost::json::object data_of(const http::ServerEvent& event) {
  return boost::json::parse(event.data).as_object();
}

TEST(LiveTest, TellsWhatTheBuysOfThisSaleCameTo) {
  Harness server;
  const auto sale = server.sale(R"("line_limit":0)", 2);
  const auto other = server.sale(R"("line_limit":0)", 1);
  server.buy(other, "a");
  const auto early = server.sale(R"("opens_at":"2100-01-01T00:00:00Z")");
  const auto client = follow(server, sale);
  const auto first = data_of(*client->event());
  EXPECT_TRUE(first.at("buys").at("accepted_per_second").is_null())
      << "nothing to compare with yet";
  for (int i = 0; i < 5; ++i) server.buy(sale, "b" + std::to_string(i));
  server.buy(sale, "b0");      // limit_reached
  server.buy(other, "b");      // sold_out, there
  server.buy(early, "b");      // not_open, there
  server.buy("nowhere", "b");  // of no sale
  const auto second = data_of(*client->event());
  const auto& buys = second.at("buys").as_object();
  EXPECT_EQ(buys.at("accepted"), 2);
  EXPECT_EQ(buys.at("refused"), 4);
  EXPECT_EQ(boost::json::serialize(buys.at("refusals")), R"({"limit_reached":1,"sold_out":3})");
  EXPECT_GT(buys.at("accepted_per_second").as_double(), 0.0);
  EXPECT_GT(buys.at("refused_per_second").as_double(), buys.at("accepted_per_second").as_double());
  const auto third = data_of(*client->event());
  EXPECT_EQ(third.at("buys").at("accepted_per_second").to_number<double>(), 0.0);
  EXPECT_EQ(third.at("buys").at("refused"), 4);
}

TEST(LiveTest, TellsOfTheServerAndItsHolds) {
  Harness server;
  const auto sale = server.sale(R"("hold_seconds":100)", 2);
  const auto client = follow(server, sale);
  EXPECT_TRUE(data_of(*client->event()).at("oldest_hold").is_null());
  const auto order = server.buy(sale, "a");
  const auto second = data_of(*client->event());
  EXPECT_EQ(second.at("oldest_hold").at("expires_at").as_string(), order["expires_at"]);
  const auto rest = second.at("oldest_hold").at("ends_in_ms").to_number<std::int64_t>();
  EXPECT_GT(rest, 60'000);
  EXPECT_LE(rest, 100'000);
  const auto& figures = second.at("server").as_object();
  EXPECT_EQ(figures.at("streams"), 1);
  EXPECT_GT(figures.at("answers_per_second").to_number<double>(), 0.0);
  const double p50 = figures.at("latency_ms").at("p50").to_number<double>();
  EXPECT_GT(p50, 0.0);
  EXPECT_LE(p50, figures.at("latency_ms").at("p99").to_number<double>());
  EXPECT_TRUE(figures.at("ledger").is_null());
  EXPECT_TRUE(figures.at("journal").at("position").is_null()) << "this store does not tell";
  const auto third = data_of(*client->event());
  EXPECT_TRUE(third.at("server").at("latency_ms").at("p50").is_null()) << "nothing was asked";
}

TEST(LiveTest, EverybodyWhoLooksAtASaleGetsTheSameBytes) {
  Harness server;
  const auto sale = server.sale();
  std::vector<std::unique_ptr<Client>> consoles;
  for (int i = 0; i < 5; ++i) consoles.push_back(follow(server, sale));
  http::ServerEvent told = *consoles[0]->event();
  for (int i = 0; i < 2; ++i) {
    const auto following = *consoles[0]->event();
    EXPECT_NE(following.id, told.id);
    told = following;
  }
  for (std::size_t i = 1; i < consoles.size(); ++i) {
    auto event = *consoles[i]->event();
    while (event.id != told.id) event = *consoles[i]->event();
    EXPECT_EQ(event.data, told.data);
  }
}

TEST(LatencyHistogramTest, ABucketIsAtMostASixteenthTooHigh) {
  for (std::int64_t us = 0; us < 20'000'000; us += 1 + us / 97) {
    const auto bucket = LatencyHistogram::bucket_of(std::chrono::microseconds(us));
    ASSERT_LT(bucket, LatencyHistogram::kBuckets);
    if (us >= 16'777'215) continue;
    const auto bound = LatencyHistogram::upper_bound(bucket);
    EXPECT_GT(bound, std::chrono::microseconds(us));
    EXPECT_LE(bound, std::chrono::microseconds(us + us / 16 + 1)) << us;
  }
  EXPECT_EQ(LatencyHistogram::bucket_of(Duration(-5)), 0U) << "a clock that was set back";
}

TEST(LatencyHistogramTest, PercentilesAreThoseOfWhatCameBetweenTwoLooks) {
  LatencyHistogram histogram;
  for (int i = 0; i < 1'000; ++i) histogram.add(std::chrono::seconds(1));
  const auto before = histogram.counts();
  EXPECT_FALSE(LatencyHistogram::percentile(before, before, 0.5));
  std::mt19937 random(7);
  std::vector<std::int64_t> all;
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(static_cast<std::int64_t>(random() % 100'000));
    histogram.add(std::chrono::microseconds(all.back()));
  }
  std::ranges::sort(all);
  const auto after = histogram.counts();
  for (const auto& [share, rank] : {std::pair(0.5, 4'999), {0.99, 9'899}, {1.0, 9'999}}) {
    const auto exact = all[static_cast<std::size_t>(rank)];
    const auto read = *LatencyHistogram::percentile(before, after, share);
    EXPECT_GT(read, std::chrono::microseconds(exact));
    EXPECT_LE(read, std::chrono::microseconds(exact + exact / 16 + 1));
  }
}

}  // namespace
}  // namespace dibs::api::test

#include "load/latency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "load/words.h"

namespace dibs::load {
namespace {

TEST(Latency, PercentilesAreSamplesByTheNearestRank) {
  std::vector<std::int64_t> samples(10'000);
  std::iota(samples.rbegin(), samples.rend(), 1);  // 1 to 10,000 ns, the largest first
  for (auto& sample : samples) sample *= 1'000'000;
  const Latency latency = latency_of(samples);
  EXPECT_EQ(latency.samples, 10'000U);
  EXPECT_DOUBLE_EQ(latency.mean, 5'000.5);
  EXPECT_DOUBLE_EQ(latency.p50, 5'000);
  EXPECT_DOUBLE_EQ(latency.p90, 9'000);
  EXPECT_DOUBLE_EQ(latency.p99, 9'900);
  EXPECT_DOUBLE_EQ(latency.p999, 9'990);
  EXPECT_DOUBLE_EQ(latency.p9999, 9'999);
  EXPECT_DOUBLE_EQ(latency.max, 10'000);
}

TEST(Latency, OneSampleIsEveryPercentile) {
  const Latency latency = latency_of({2'000'000});
  EXPECT_DOUBLE_EQ(latency.p50, 2);
  EXPECT_DOUBLE_EQ(latency.p9999, 2);
  EXPECT_DOUBLE_EQ(latency.max, 2);
}

TEST(Latency, NoSampleIsAllZero) {
  EXPECT_EQ(latency_of({}).samples, 0U);
  EXPECT_EQ(latency_of({}).max, 0);
}

TEST(ChangePercent, GivesTheShopsOwnFigures) {
  EXPECT_EQ(fixed(change_percent(175.76, 235.38), 2), "33.92");
  EXPECT_EQ(fixed(change_percent(23.63681054, 11.17878842), 2), "-52.71");
  EXPECT_EQ(fixed(change_percent(0.2293712116, 0.1102334264), 2), "-51.94");
}

TEST(ChangePercent, FromNothing) {
  EXPECT_EQ(change_percent(0, 0), 0);
  EXPECT_TRUE(std::isinf(change_percent(0, 1)));
}

TEST(Words, NumbersAndColumns) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(10'000), "10,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
  EXPECT_EQ(columns("구매 성공"), 9U);
  EXPECT_EQ(left("결제", 6), "결제  ");
  EXPECT_EQ(right("7", 3), "  7");
}

}  // namespace
}  // namespace dibs::load

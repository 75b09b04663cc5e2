#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "redis/gateway.h"
#include "redis/names.h"

/// A long line that ends: one event, one bounded call, and nobody of it is ever served. With
/// DIBS_LINE=100000 it says the number of docs/PERFORMANCE.md.
namespace dibs::redis {
namespace {

using sale::Code;

/// How many wait: DIBS_LINE, or enough to tell.
std::size_t waiting() {
  const char* text = std::getenv("DIBS_LINE");
  return text == nullptr ? 20'000 : std::strtoul(text, nullptr, 10);
}
constexpr std::size_t kBatch = 500;
constexpr std::size_t kSweptPerCall = 128;  // as parts/words.lua has it
constexpr std::uint64_t kBound = 50;        // commands within the call: it takes some 20

/// What SLOWLOG has noted as the longest call, in microseconds.
std::int64_t longest_call_us(Connection& connection) {
  const Reply log = connection.call({"SLOWLOG", "GET", "-1"});
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < log->elements; ++i) {
    longest = std::max<std::int64_t>(longest, log->element[i]->element[2]->integer);
  }
  return longest;
}

/// How many commands the server has carried out since CONFIG RESETSTAT, those of functions too.
std::uint64_t commands_inside(Connection& connection) {
  const std::string stats = connection.text({"INFO", "commandstats"});
  const std::string calls = "calls=";
  std::uint64_t sum = 0;
  for (std::size_t at = stats.find(calls); at != std::string::npos; at = stats.find(calls, at)) {
    at += calls.size();
    // Not rejected_calls and failed_calls.
    if (stats[at - calls.size() - 1] == ':') sum += std::strtoull(stats.c_str() + at, nullptr, 10);
  }
  return sum;
}

TEST(LongLine, ends_in_one_bounded_call_and_serves_nobody_of_it) {
  const RedisServer server({"--slowlog-log-slower-than", "0", "--slowlog-max-len", "16"});
  Gateway gateway(server, "spring");
  const std::string line = keys_of(SaleId("spring"))[5];
  sale::Put put = put_of(1);
  put.spec.payment = sale::PaymentMode::shop;
  put.spec.line_limit = 1'000'000;
  put.spec.hold_seconds = 86'400;
  gateway.one(put);
  const sale::Buy winner = gateway.press("winner");
  EXPECT_EQ(gateway.one(winner).code, Code::ok);
  for (std::size_t i = 0; i < waiting(); i += kBatch) {
    std::vector<sale::Command> presses;
    for (std::size_t j = 0; j < kBatch; ++j) {
      presses.push_back({.action = gateway.press("b" + std::to_string(i + j))});
    }
    gateway.all(presses);
  }
  ASSERT_EQ(gateway.connection().text({"ZCARD", line}), std::to_string(waiting()));

  gateway.connection().text({"SLOWLOG", "RESET"});
  gateway.connection().text({"CONFIG", "RESETSTAT"});
  const BatchResult ended = gateway.all({{.action = sale::PaymentSucceeded{winner.order, true}}});
  const std::int64_t ending_us = longest_call_us(gateway.connection());
  ASSERT_EQ(ended.events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<sale::LineEnded>(ended.events.back().fact));
  std::printf("a line of %zu ended in %ld us\n", waiting(), static_cast<long>(ending_us));
  const std::uint64_t inside = commands_inside(gateway.connection());
  EXPECT_GT(inside, 5U);
  EXPECT_LT(inside, kBound);
  EXPECT_GE(std::stoul(gateway.connection().text({"ZCARD", line})), waiting() - kSweptPerCall);

  // Those of the old line are still in the set when units and a new line come.
  const sale::Buy late = gateway.press("late");
  EXPECT_EQ(gateway.one(sale::Restock{SkuId("jacket"), 1, {}}).code, Code::ok);
  const sale::Buy second = gateway.press("second");
  gateway.one(second);
  gateway.one(late);
  const BatchResult given = gateway.all({{.action = sale::Cancel{second.order}}});
  ASSERT_EQ(given.events.size(), 2U);
  ASSERT_TRUE(std::holds_alternative<sale::Promoted>(given.events.back().fact));
  EXPECT_EQ(sale::order_of(given.events.back())->key, late.order);
  // Whoever waited in it has the allowance back, and is told that nothing is left of that order.
  EXPECT_EQ(gateway.one(gateway.press("b7")).code, Code::ok);

  // Each call that is numbered takes some of them out, until only b7 is there.
  const auto in_set = [&] { return gateway.connection().text({"ZCARD", line}); };
  for (int calls = 0; in_set() != "1"; ++calls) {
    ASSERT_LT(calls, 2'000) << "the ended line stays in the set";
    EXPECT_EQ(gateway.one(gateway.press("b7")).code, Code::limit_reached);
  }
}

}  // namespace
}  // namespace dibs::redis

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "redis/changed_library.h"
#include "redis/differential.h"

/// Holds the Lua functions to src/sale: the same random commands on both, in random batches, and
/// after each batch every answer and every event is the same, field by field.
///
/// More of it: DIBS_COMMANDS=10000000 DIBS_SEED=1 build/release/tests/dibs_redis_tests
/// --gtest_filter='Differential.*' (scripts/torture redis-differential does that). A failure names
/// the seed of its episode: DIBS_COMMANDS=1 DIBS_SEED=that runs it alone. DIBS_SHOW=1 says how
/// often each situation came up. planted_bugs_test.cpp shows that 23 different mistakes are found.
///
/// Lines here are mostly short: every fourth episode goes to functions that let one order leave an
/// ended line in a call, where the others let 128.
namespace dibs::redis {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr std::uint64_t kCommands = 100'000;

// A run that never gets somewhere proves nothing about that place.
constexpr const char* kSituations[] = {
    "dibs.order.held", "dibs.order.held several SKUs", "dibs.order.waiting",
    "dibs.order.waiting several SKUs", "dibs.order.paid", "dibs.order.promoted",
    "dibs.order.paying", "dibs.order.declined", "dibs.order.paid authorised",
    "dibs.order.paid captured", "dibs.order.paid late authorised", "dibs.order.paid late captured",
    "dibs.order.captured", "dibs.order.voided", "dibs.order.refund_due", "dibs.order.refunded",
    "dibs.order.released cancelled none", "dibs.order.released expired none",
    "dibs.order.released payment_failed none", "dibs.order.released capture_failed void",
    "dibs.order.released refunded refund_due", "dibs.order.released refunded refunded",
    "dibs.order.sold_out", "dibs.sale.created", "dibs.sale.changed", "dibs.sale.opened",
    "dibs.sale.paused", "dibs.sale.resumed", "dibs.sale.resumed restart", "dibs.sale.closed",
    "dibs.sale.stock_changed", "dibs.sale.line_ended", "dibs.sale.line_ended by close",
    "dibs.sale.line_shut", "dibs.sale.line_reopened", "dibs.sale.removed", "dibs.sale.archived",
    "ok replayed", "unknown_sale", "unknown_sku", "unknown_order", "idempotency_mismatch",
    "malformed", "closed", "paused", "not_open", "limit_reached", "sold_out", "wrong_state",
    "too_late",
    // Of calls rather than of rules.
    "away", "missed many", "not reached", "left over several calls", "closed over several calls"};

void load(Connection& connection, const Library& library) {
  ASSERT_EQ(connection.text({"FUNCTION", "LOAD", library.text()}), library.name());
}

TEST(Differential, decides_as_the_rules_do) {
  const RedisServer server;
  Connection connection = server.connect();
  load(connection, Library::built_in());
  const Library piecemeal = changed_library("piecemeal", {kPiecemeal});
  load(connection, piecemeal);
  const std::uint64_t commands = from_environment("DIBS_COMMANDS", kCommands);
  std::uint64_t seed = from_environment("DIBS_SEED", 1);
  Situations situations;
  for (std::uint64_t done = 0; done < commands; ++seed) {
    const Library& library = seed % 4 == 0 ? piecemeal : Library::built_in();
    const auto trouble = difference(connection, library, seed, done, &situations);
    ASSERT_EQ(trouble, std::nullopt);
  }
  if (std::getenv("DIBS_SHOW") != nullptr) {
    for (const auto& [name, count] : situations) std::printf("%8lu %s\n", count, name.c_str());
  }
  if (commands < kCommands) return;
  for (const char* situation : kSituations) EXPECT_GE(situations[situation], 3U) << situation;
}

}  // namespace
}  // namespace dibs::redis

#include <gtest/gtest.h>

#include <string>

#include "redis/changed_library.h"
#include "redis/differential.h"

/// The differential run is only worth something if it finds mistakes. Each of these is put into
/// the library's text, loaded beside the right one, and must be found.
namespace dibs::redis {
namespace {

struct PlantedBug {
  const char* name;
  const char* right;  ///< stands in the text once
  const char* wrong;
};

constexpr PlantedBug kBugs[] = {
    {"newcomer_passes_line",
     "if item.waiting > 0 or lines[i + 1] > item.available then return false end",
     "if lines[i + 1] > item.available then return false end"},
    {"release_forgets_to_promote", "fold.released(sale, order, reason, money)\n  serve_lines(sale)",
     "fold.released(sale, order, reason, money)"},
    {"limit_allows_one_more", "return buyer.units + units <= limit",
     "return buyer.units + units <= limit + 1"},
    {"idempotency_key_ignored", "  if earlier then\n    if not same_lines",
     "  if false then\n    if not same_lines"},
    {"authorised_counts_as_gone", "return item.total - item.sold + item.uncaptured end",
     "return item.total - item.sold end"},
    {"shut_line_admits", "if item.shut or lines[i + 1]", "if lines[i + 1]"},
    {"line_takes_one_too_many", "if sale.waiting < sale.spec.line_limit",
     "if sale.waiting <= sale.spec.line_limit"},
    {"who_leaves_the_line_stays_in_the_set", "    if not item.joined[key] then",
     "    if false then"},
    {"ended_hold_stays_in_the_set", "    else\n      removed[#removed + 1] = member\n    end",
     "    end"},
    {"ended_line_keeps_the_allowance", "if records.item(sale, number).gen ~= wait.gen then",
     "if false then"},
    {"ended_line_keeps_its_orders", "  item.gen = item.gen + 1\n", ""},
    {"owner_is_not_asked", "if not order or (owner ~= '' and order.buyer ~= owner) then",
     "if not order then"},
    {"clock_runs_in_a_pause", "return (sale.paused and sale.paused_at or sale.at) + window",
     "return sale.at + window"},
    {"expiry_timed_by_the_sweeper", "    sale.at = math.max(at, sale.last_at)\n    deed",
     "    sale.at = now\n    deed"},
    {"late_payment_passes_line", "if item.waiting > 0 or order.lines[i + 1]",
     "if order.lines[i + 1]"},
    {"restart_forgets_what_was_due", "if not step.drain(sale, at - downtime) then return false end",
     ""},
    {"removed_sale_leaves_its_buyers", "keys.items, keys.orders, keys.buyers, keys.keys",
     "keys.items, keys.orders, keys.keys"},
    {"equal_deadlines_in_any_order", "string.format('%014.0f', order.arrival) .. key",
     "string.format('%014.0f', 1e13 - order.arrival) .. key"},
    {"whoever_has_to_leave_later_stays", "    return false\n  end\n  sale.leaving = 0",
     "  end\n  sale.leaving = 0"},
    {"who_leaves_an_ended_line_stays_in_others",
     "local item = overlay(records.item(sale, order.lines[i]))\n    item.left",
     "local item = overlay(records.item(sale, order.lines[1]))\n    item.left"},
    {"command_during_an_ending", "or endings.has_to_wait(sale) then return false end",
     "then return false end\n    if endings.has_to_wait(sale) then return true end"},
    {"close_forgets_later_lines", "sale.closing = sale.closing + 1\n",
     "sale.closing = #sale.spec.items + 1\n"},
    {"promotions_by_item", "if arrival ~= best.arrival then return arrival < best.arrival end", ""},
};

class PlantedBugs : public testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugs, are_found) {
  static const RedisServer server;
  Connection connection = server.connect();
  const Library wrong =
      changed_library(GetParam().name, {{GetParam().right, GetParam().wrong}, kPiecemeal});
  ASSERT_EQ(connection.text({"FUNCTION", "LOAD", wrong.text()}), wrong.name());
  constexpr std::uint64_t kMostCommands = 200'000;
  std::uint64_t commands = 0;
  std::optional<std::string> trouble;
  for (std::uint64_t seed = 1; !trouble && commands < kMostCommands; ++seed) {
    trouble = difference(connection, wrong, seed, commands);
  }
  EXPECT_TRUE(trouble) << "not found in " << commands << " commands";
  if (trouble) RecordProperty("found", *trouble);
}

INSTANTIATE_TEST_SUITE_P(InTheFunctions, PlantedBugs, testing::ValuesIn(kBugs),
                         [](const auto& bug) { return std::string(bug.param.name); });

}  // namespace
}  // namespace dibs::redis

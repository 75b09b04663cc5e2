#include <gtest/gtest.h>

#include <string>
#include <vector>

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
    {"promotions_by_item", "if arrival ~= best.arrival then return arrival < best.arrival end", ""},
};

/// The built-in library under another version, with the bug in it.
Library library_with(const PlantedBug& bug) {
  const Library& right = Library::built_in();
  std::string text = right.text();
  const std::size_t at = text.find(bug.right);
  EXPECT_NE(at, std::string::npos) << bug.name << ": its place is gone";
  EXPECT_EQ(text.find(bug.right, at + 1), std::string::npos) << bug.name << ": two places";
  if (at != std::string::npos) text.replace(at, std::string(bug.right).size(), bug.wrong);
  const std::string version = right.name().substr(right.name().find('_') + 1);
  for (std::size_t v = text.find(version); v != std::string::npos; v = text.find(version, v + 1)) {
    text.replace(v, version.size(), bug.name);
  }
  return Library(text);
}

class PlantedBugs : public testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugs, are_found) {
  static const RedisServer server;
  Connection connection = server.connect();
  const Library wrong = library_with(GetParam());
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

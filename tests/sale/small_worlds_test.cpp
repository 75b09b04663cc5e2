#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "sale/checkers/worlds.h"

/// Every interleaving in small worlds, judged by laws alone. Sets out how much was looked at, so
/// that a search that has quietly become empty is seen.
namespace dibs::sale::checkers {
namespace {

void expect_lawful(const char* name, const SmallWorld& world, std::uint64_t at_least) {
  const SearchResult result = search(world);
  EXPECT_EQ(result.broken, std::nullopt);
  EXPECT_GE(result.states, at_least);
  std::cout << name << ", depth " << world.depth << ": " << result.states << " states, "
            << result.transitions << " transitions\n";
}

#ifdef __SANITIZE_ADDRESS__
constexpr int kDepth = 5;  // ten times slower
#else
constexpr int kDepth = 7;
#endif

TEST(SmallWorlds, of_three_units_break_no_law) {
  expect_lawful("3 units", one_item(3, kDepth), 5'000);
}

TEST(SmallWorlds, of_four_units_break_no_law) {
  expect_lawful("4 units", one_item(4, kDepth), 5'000);
}

TEST(SmallWorlds, of_two_items_break_no_law) {
  expect_lawful("2 items", two_items(std::min(kDepth, 5)), 5'000);
}

}  // namespace
}  // namespace dibs::sale::checkers

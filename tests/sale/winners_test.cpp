#include <algorithm>
#include <ctime>
#include <limits>
#include <random>
#include <set>

#include "sale/scene.h"

namespace dibs::sale {
namespace {

class TheLastWinner : public Scene {};

/// The processor time of `calls` calls, in clock ticks; of three goes the quickest.
template <class Call>
std::clock_t ticks_of(std::uint64_t& next, int calls, const Call& call) {
  std::clock_t best = std::numeric_limits<std::clock_t>::max();
  for (int go = 0; go < 3; ++go) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < calls; ++i) call(next++);
    best = std::min(best, std::clock() - start);
  }
  return best;
}

// The last winner changes with each; looking for the one before it must not walk over the orders.
TEST_F(TheLastWinner, of_a_hundred_thousand_orders_is_replaced_as_cheaply_as_kept) {
  constexpr std::uint64_t kOrders = 100'000;
  constexpr int kCalls = 100;
  spec.items[0].stock = kOrders;
  put();
  for (std::uint64_t i = 0; i < kOrders; ++i) buy(("b" + std::to_string(i)).c_str());
  for (std::uint64_t i = 1; i <= kOrders - 1'000; ++i) cancel(i);
  std::uint64_t next = kOrders - 1'000 + 1;
  // Refused ones first, so that none of the many orders before them has been paid.
  const auto refused = ticks_of(next, kCalls, [this](std::uint64_t order) {
    pay(order, false);
    capture(order, false);
  });
  EXPECT_EQ(sale.view().last_winner_arrival, Arrival());
  const auto captured = ticks_of(next, kCalls, [this](std::uint64_t order) {
    pay(order, false);
    capture(order, true);
  });
  EXPECT_LT(refused, 5 * captured + CLOCKS_PER_SEC / 1'000);
}

TEST_F(TheLastWinner, is_the_latest_to_arrive_of_those_still_paid) {
  constexpr std::uint64_t kOrders = 500;
  spec.items[0].stock = kOrders;
  put();
  for (std::uint64_t i = 0; i < kOrders; ++i) buy(("b" + std::to_string(i)).c_str());
  std::set<std::uint64_t> paid;
  std::mt19937 random(3);
  for (int i = 0; i < 3'000; ++i) {
    const std::uint64_t order = random() % kOrders + 1;
    const bool has_paid = paid.contains(order);
    if (!has_paid && pay(order, false).code == Code::ok) paid.insert(order);
    if (has_paid && i % 2 == 0 && capture(order, false).code == Code::ok) paid.erase(order);
    const Arrival last(paid.empty() ? 0 : *paid.rbegin());
    ASSERT_EQ(sale.view().last_winner_arrival, last);
  }
  EXPECT_TRUE(sale.recount().empty());
}

}  // namespace
}  // namespace dibs::sale

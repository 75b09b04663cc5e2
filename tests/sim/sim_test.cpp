// Simulations as part of every test run: other seeds each time, so that they add up; which ones is
// printed, and each can be had again with build/release/sim/dibs_sim SEED.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "sim/world.h"

namespace dibs::sim {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

std::string words_of(const Verdict& verdict) {
  return verdict.broken.empty() ? "" : verdict.broken.front();
}

TEST(Simulation, keeps_every_promise_whatever_goes_wrong) {
  // So many always, so that no run is empty; more, as far as the time goes.
  constexpr std::uint64_t kLeast = 40;
  constexpr auto kTime = seconds(20);
  const std::uint64_t first = std::random_device()() | 1U;
  const auto end = steady_clock::now() + kTime;
  Verdict sum;
  std::uint64_t seeds = 0;
  for (; seeds < kLeast || steady_clock::now() < end; ++seeds) {
    Settings settings;
    settings.seed = first + seeds;
    const Verdict verdict = simulate(settings);
    ASSERT_TRUE(verdict.broken.empty())
        << words_of(verdict) << "\nagain: build/release/sim/dibs_sim " << settings.seed;
    sum.commands += verdict.commands;
    sum.events += verdict.events;
    sum.troubles += verdict.troubles;
  }
  std::printf("%lu seeds from %lu: %lu commands, %lu events, %lu troubles, 0 promises broken\n",
              seeds, first, sum.commands, sum.events, sum.troubles);
  EXPECT_GT(sum.events, 50 * seeds) << "hardly anything was sold";
  EXPECT_GT(sum.troubles, 2 * seeds) << "hardly anything went wrong";
}

TEST(Simulation, of_one_seed_is_the_same_byte_for_byte) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Settings settings;
    settings.seed = seed;
    const Verdict once = simulate(settings);
    const Verdict again = simulate(settings);
    EXPECT_EQ(once.history, again.history) << seed;
    EXPECT_EQ(once.commands, again.commands) << seed;
    settings.seed += 100;
    EXPECT_NE(simulate(settings).history, once.history) << seed;
  }
}

TEST(Simulation, sees_answers_that_leave_before_they_are_durable) {
  Settings settings;
  settings.plant.answers_before_sync = true;
  Verdict verdict;
  for (; settings.seed < 50 && verdict.broken.empty(); ++settings.seed)
    verdict = simulate(settings);
  EXPECT_FALSE(verdict.broken.empty());
  std::printf("caught by seed %lu: %s\n", settings.seed - 1, words_of(verdict).c_str());
}

}  // namespace
}  // namespace dibs::sim

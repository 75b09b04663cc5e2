#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "engine/running_engine.h"
#include "engine/small_run.h"
#include "engine/told.h"
#include "engine/worse_disk.h"

/// The power fails before every call of a small run that changes the disk. What was not synced,
/// sectors and names, survives in any subset: all subsets where they are few, else none, all, and
/// random ones. Each state that is left is recovered and held against what had been told by then.
namespace dibs::engine {
namespace {

/// A power cut, and what the world had been told before it.
struct Cut {
  Facts facts;
  MemoryDisk::PowerCut power;
};

/// Notes a cut before every call that changes the disk.
class Cuts {
 public:
  Cuts(MemoryDisk& disk, const Told& told) : disk_(disk) {
    disk.set_fault([&](const std::string& call, const std::string&) {
      const bool reads = call == "read" || call == "open" || call == "listing" || call == "stat";
      // In this order: what is told in between is not claimed of the cut.
      if (!reads) {
        Facts facts = told.facts();
        cuts_.push_back({std::move(facts), disk.cut_power()});
      }
      return 0;
    });
  }
  /// After which no more are noted.
  std::vector<Cut> take() {
    disk_.set_fault(nullptr);
    return std::move(cuts_);
  }

 private:
  MemoryDisk& disk_;
  std::vector<Cut> cuts_;
};

struct Sizes {
  std::size_t exhaustive = 6;  ///< up to so many open ends, every subset
  std::size_t random = 16;     ///< subsets beyond
  std::size_t restart_every = 40;
};

Sizes sizes() {
  return long_version() ? Sizes{.exhaustive = 12, .random = 512, .restart_every = 25} : Sizes{};
}

struct Tally {
  std::size_t cuts = 0;
  std::size_t states = 0;
  std::size_t exhaustive = 0;  ///< cuts of which every subset was tried
  std::size_t most_open_ends = 0;
  std::size_t restarts = 0;
  std::size_t broken = 0;
  std::size_t refused = 0;  ///< of those, starts that were refused
  std::string first_broken;

  void add(const std::vector<std::string>& words) {
    broken += words.size();
    for (const auto& word : words) refused += word.starts_with("the start is refused") ? 1U : 0U;
    if (!words.empty() && first_broken.empty()) {
      first_broken = "cut " + std::to_string(cuts) + ", state " + std::to_string(states) + ": " +
                     words.front();
    }
  }
};

void try_state(const Cut& cut, std::unique_ptr<MemoryDisk> left, const ManualClock& clock,
               Tally& tally) {
  ++tally.states;
  if (tally.states % sizes().restart_every == 0) {
    ++tally.restarts;
    tally.add(broken_by_restart(*left, clock, cut.facts));
  } else {
    tally.add(broken_by_recovery(*left, cut.facts));
  }
}

void try_subsets(const Cut& cut, const ManualClock& clock, std::mt19937& random, Tally& tally) {
  ++tally.cuts;
  const std::size_t open_ends = cut.power.open_ends();
  tally.most_open_ends = std::max(tally.most_open_ends, open_ends);
  if (open_ends <= sizes().exhaustive) {
    ++tally.exhaustive;
    for (std::size_t mask = 0; mask < std::size_t{1} << open_ends; ++mask) {
      try_state(cut, cut.power.left([&](std::size_t i) { return (mask >> i & 1U) != 0; }), clock,
                tally);
    }
    return;
  }
  for (std::size_t i = 0; i < sizes().random; ++i) {
    // From nothing survives to everything does.
    std::bernoulli_distribution survives(static_cast<double>(i) /
                                         static_cast<double>(sizes().random - 1));
    try_state(cut, cut.power.left([&](std::size_t) { return survives(random); }), clock, tally);
  }
}

Tally cut_everywhere(std::uint32_t seed, Habit habit, bool sync) {
  MemoryDisk memory;
  WorseDisk disk(memory, habit);
  ManualClock clock;
  Told told;
  Engine::Options options = run_options();
  options.sync = sync;
  Cuts cuts(memory, told);
  std::vector<Cut> noted;
  std::mt19937 random(seed);
  const int rush = std::uniform_int_distribution<int>(10, 150)(random);
  small_run({memory, disk, clock, told, rush}, options, [&] { noted = cuts.take(); });
  Tally tally;
  for (const Cut& cut : noted) try_subsets(cut, clock, random, tally);
  return tally;
}

void print(const char* what, std::uint32_t seed, const Tally& tally) {
  std::printf(
      "%s, seed %u: %zu power cuts (%zu with every subset; at most %zu open ends), %zu states, "
      "%zu restarts, %zu promises broken\n",
      what, seed, tally.cuts, tally.exhaustive, tally.most_open_ends, tally.states, tally.restarts,
      tally.broken);
}

TEST(PowerCutAtEveryCall, loses_nothing_whichever_unsynced_sectors_and_names_survive) {
  for (std::uint32_t seed = 1; seed <= (long_version() ? 100U : 5U); ++seed) {
    const Tally tally = cut_everywhere(seed, Habit::none, true);
    print("small run", seed, tally);
    EXPECT_EQ(tally.broken, 0U) << tally.first_broken;
    EXPECT_GT(tally.cuts, 50U);
    EXPECT_GT(tally.states, tally.cuts);
  }
}

TEST(PowerCutAtEveryCall, loses_nothing_when_the_power_fails_again_while_the_server_starts) {
  // A first cut leaves each of its states; a server starts there, sells, and meets the second cut.
  MemoryDisk memory;
  ManualClock clock;
  Told told;
  Cuts cuts(memory, told);
  std::vector<Cut> noted;
  small_run({memory, memory, clock, told}, run_options(), [&] { noted = cuts.take(); });
  std::mt19937 random(7);
  Tally tally;
  const std::size_t stride = long_version() ? 1 : 7;
  for (std::size_t i = 0; i < noted.size(); i += stride) {
    const auto left = noted[i].power.left([&](std::size_t) { return random() % 2 == 0; });
    Facts facts = noted[i].facts;
    auto events = events_of(*left);
    ASSERT_TRUE(events.has_value()) << events.error().what;
    facts.events = std::move(*events);  // all of it is visible once the server is up
    Told again(std::move(facts));
    Cuts second(*left, again);
    std::vector<Cut> noted_then;
    {
      RunningEngine running(run_options(), clock, *left, &again);
      ASSERT_TRUE(running.opened()) << running.refusal().what;
      static_cast<void>(running.run(put_of(3, 10)));
      again.answered("again", running.run(buy_of("again", "again")));
      noted_then = second.take();
    }
    for (const Cut& cut : noted_then) try_subsets(cut, clock, random, tally);
  }
  print("second cut", 7, tally);
  EXPECT_EQ(tally.broken, 0U) << tally.first_broken;
  EXPECT_GT(tally.cuts, 50U);
}

TEST(PowerCutAtEveryCall, catches_an_answer_before_the_sync) {
  const Tally tally = cut_everywhere(1, Habit::none, false);
  print("answers before the sync", 1, tally);
  EXPECT_GT(tally.broken, 0U);
}

TEST(PowerCutAtEveryCall, catches_a_forgotten_sync_of_the_directory) {
  const Tally tally = cut_everywhere(1, Habit::forgets_directory_sync, true);
  print("directory not synced", 1, tally);
  EXPECT_GT(tally.broken, 0U);
}

TEST(PowerCutAtEveryCall, catches_a_mark_that_is_durable_before_its_record) {
  const Tally tally = cut_everywhere(1, Habit::marks_before_it_is_synced, true);
  print("mark before its record", 1, tally);
  EXPECT_GT(tally.refused, 0U) << "records are missing that the mark calls durable";
}

}  // namespace
}  // namespace dibs::engine

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "engine/journal.h"
#include "engine/record.h"
#include "engine/running_engine.h"
#include "engine/small_run.h"
#include "engine/told.h"
#include "engine/worse_disk.h"

/// A fault at every disk call of a small run, once and for ever. Each run counts the calls to which
/// its fault applies and fails the k-th; then the process dies or the power fails, the fault is
/// gone, and a restart is held against what everybody was told.
namespace dibs::engine {
namespace {

enum class Kind { error, full, short_write, half_sync };
constexpr std::array kKinds = {Kind::error, Kind::full, Kind::short_write, Kind::half_sync};

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::error:
      return "EIO";
    case Kind::full:
      return "ENOSPC";
    case Kind::short_write:
      return "short write";
    case Kind::half_sync:
      return "half a sync";
  }
  return "";
}

struct Injection {
  Kind kind = Kind::error;
  bool for_ever = false;
  std::size_t at = 0;  ///< the first call that fails, of those to which the kind applies
  int rush = 24;       ///< how many press at once in the run
};

/// Fails the calls it is told to, and knows which they were.
class Injector {
 public:
  explicit Injector(Injection injection) : injection_(injection) {}

  int operator()(const std::string& call, const std::string& path) {
    if (!applies(call, path)) return 0;
    ++calls_;
    const bool hit = injection_.for_ever ? calls_ >= injection_.at : calls_ == injection_.at;
    if (!hit) return 0;
    if (fired_on_.empty()) fired_on_ = call + " of " + kind_of_file(path);
    switch (injection_.kind) {
      case Kind::error:
        return EIO;
      case Kind::full:
        return ENOSPC;
      case Kind::short_write:
        return MemoryDisk::kShortWrite;
      case Kind::half_sync:
        return MemoryDisk::kHalfSync;
    }
    return 0;
  }

  /// The first call that failed, "sync of journal"; empty: none did.
  [[nodiscard]] const std::string& fired_on() const { return fired_on_; }

 private:
  [[nodiscard]] bool applies(const std::string& call, const std::string& path) const {
    switch (injection_.kind) {
      case Kind::error:
        return true;
      case Kind::full:
        return call == "write" || call == "allocation" || call == "creation";
      case Kind::short_write:
        return call == "write";
      case Kind::half_sync:
        return call == "sync" && path != kDataDir;
    }
    return false;
  }
  static std::string kind_of_file(const std::string& path) {
    for (const char* kind :
         {"journal-next", "journal.mark", "journal-", "snapshot", "ballast", "lock"}) {
      if (path.find(kind) != std::string::npos) return kind;
    }
    return "directory";
  }

  const Injection injection_;
  std::size_t calls_ = 0;
  std::string fired_on_;
};

struct Tally {
  std::size_t runs = 0;
  std::size_t restarts = 0;
  std::size_t refused = 0;
  std::size_t stopped = 0;
  std::size_t broken = 0;
  std::string first_broken;
  std::map<std::string, std::size_t> fired_on;
};

/// A refusal or the last words must say which file and what to do.
void judge_words(const std::optional<Fault>& said, Kind kind, std::vector<std::string>& broken) {
  if (!said) return;
  if (said->what.find(kDataDir) == std::string::npos || said->remedy.empty()) {
    broken.push_back("it does not say what to do: " + said->what + " | " + said->remedy);
  }
  if (kind == Kind::full && said->remedy.find("room") == std::string::npos) {
    broken.push_back("it does not say to make room: " + said->what + " | " + said->remedy);
  }
}

/// What one injection breaks. False: the run ended before the fault's turn came.
bool inject(Injection injection, Habit habit, Tally& tally) {
  MemoryDisk memory;
  WorseDisk disk(memory, habit);
  ManualClock clock;
  Told told;
  Injector injector(injection);
  memory.set_fault([&](const auto& call, const auto& path) { return injector(call, path); });
  std::vector<std::unique_ptr<MemoryDisk>> images;
  Facts facts;
  std::string fired_on;
  const RunEnd end = small_run({memory, disk, clock, told, injection.rush}, run_options(), [&] {
    // First what was told: it may grow until the images are taken, and they must hold it.
    facts = told.facts();
    images.push_back(memory.copy());
    std::mt19937 random(static_cast<std::uint32_t>(injection.at));
    for (const double survives : {0.0, 0.5, 1.0}) {
      images.push_back(memory.after_power_cut(survives, random));
    }
    memory.set_fault(nullptr);
    fired_on = injector.fired_on();
  });
  if (fired_on.empty()) return false;
  ++tally.runs;
  ++tally.fired_on[fired_on];
  tally.refused += end.refusal ? 1U : 0U;
  tally.stopped += end.failure ? 1U : 0U;
  std::vector<std::string> broken;
  judge_words(end.refusal, injection.kind, broken);
  judge_words(end.failure, injection.kind, broken);
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!long_version() && i > 1) break;  // a dead process, and a power cut that leaves the least
    ++tally.restarts;
    for (std::string& words : broken_by_restart(*images[i], clock, facts)) {
      broken.push_back("image " + std::to_string(i) + ": " + words);
    }
  }
  tally.broken += broken.size();
  if (!broken.empty() && tally.first_broken.empty()) {
    tally.first_broken = std::string(name_of(injection.kind)) +
                         (injection.for_ever ? " for ever from" : " once at") + " call " +
                         std::to_string(injection.at) + " (" + fired_on + "): " + broken.front();
  }
  return true;
}

// No run makes so many calls.
constexpr std::size_t kMostCalls = 20'000;

/// Injects the fault at every call; in the long version, of runs with ever larger commits.
void inject_everywhere(Kind kind, bool for_ever, Tally& tally) {
  for (int rush = 24; rush <= (long_version() ? 120 : 24); rush += 24) {
    std::size_t at = 1;
    while (at < kMostCalls && inject({kind, for_ever, at, rush}, Habit::none, tally)) ++at;
    EXPECT_LT(at, kMostCalls);
  }
}

TEST(FaultAtEveryCall, loses_nothing_undoes_nothing_and_a_restart_works) {
  Tally all;
  for (const Kind kind : kKinds) {
    for (const bool for_ever : {false, true}) {
      Tally tally;
      inject_everywhere(kind, for_ever, tally);
      std::printf(
          "%s, %s: %zu calls failed, %zu starts refused, %zu engines stopped, %zu restarts, "
          "%zu promises broken\n",
          name_of(kind), for_ever ? "for ever" : "once", tally.runs, tally.refused, tally.stopped,
          tally.restarts, tally.broken);
      EXPECT_EQ(tally.broken, 0U) << tally.first_broken;
      for (const auto& [call, count] : tally.fired_on) all.fired_on[call] += count;
    }
  }
  for (const auto& [call, count] : all.fired_on) std::printf("  %s: %zu\n", call.c_str(), count);
  for (const char* call :
       {"write of journal-", "sync of journal-", "sync of directory", "allocation of journal-next",
        "rename of journal-next", "sync of journal.mark", "creation of ballast", "lock of lock"}) {
    EXPECT_GT(all.fired_on[call], 0U) << "no fault met a " << call;
  }
}

TEST(FaultAtEveryCall, a_retry_of_a_failed_sync_is_caught) {
  Tally tally;
  std::size_t at = 1;
  while (at < kMostCalls && tally.broken == 0 &&
         inject({Kind::half_sync, false, at, 24}, Habit::retries_sync, tally)) {
    ++at;
  }
  EXPECT_GT(tally.broken, 0U);
  std::printf("caught after %zu runs: %s\n", tally.runs, tally.first_broken.c_str());
}

TEST(FaultAtEveryCall, what_the_sync_of_the_zeros_hears_the_sync_of_the_record_hears_too) {
  // The zeros ahead are synced while a record is written and not synced. That sync fails, and marks
  // the record's pages clean. The sync of the record then has nothing to write, and must say no.
  MemoryDisk disk;
  Journal::Start start;
  start.next = Position(1);
  auto journal = Journal::open(disk, kDataDir, run_options().journal, start);
  ASSERT_TRUE(journal.has_value());
  std::string record(kRecordHeaderBytes, '\0');
  ChainPoint last = seal(record, {}, 1, Instant());
  ASSERT_TRUE((*journal)->append(record, last.position, true).has_value());
  bool within = false;
  disk.set_fault([&](const std::string& call, const std::string&) {
    if (call != "sync") return 0;
    if (std::exchange(within, true)) return EIO;
    EXPECT_FALSE((*journal)->write_zeros().has_value());
    return 0;
  });
  last = seal(record, last, 1, Instant());
  EXPECT_FALSE((*journal)->append(record, last.position, true).has_value());
  EXPECT_TRUE(within);
}

}  // namespace
}  // namespace dibs::engine

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/record.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"
#include "engine/small_run.h"
#include "engine/told.h"

/// Every sector of a whole data directory is damaged in turn, in every way of a list, and the
/// directory is opened. Either the start is refused, and says where and what to do, and that works;
/// or every sale is as it was, by the hash of its state.
namespace dibs::engine {
namespace {

constexpr auto kBackup = "./backup.dibs";
constexpr auto kRestored = "restored";

struct SaleState {
  std::uint64_t hash = 0;
  Arrival last;
  friend bool operator==(const SaleState&, const SaleState&) = default;
};
using State = std::map<std::string, SaleState>;

Result<State> state_of(Disk& disk, const std::string& dir) {
  auto recovered = recover(disk, dir, {});
  if (!recovered) return std::unexpected(recovered.error());
  State state;
  recovered->sales.each([&](const SaleSlot& slot) {
    state[slot.id.value()] = {.hash = slot.sale.state_hash(), .last = slot.last};
  });
  return state;
}

/// A directory after some lives, and what must come back of it.
struct Directory {
  std::unique_ptr<MemoryDisk> disk;
  State state;
  State state_before_last;  ///< without the last record
  Position last;
  bool all_marked = false;
};

/// `clean`: the last process ended in order, and the mark knows every record. Otherwise it died,
/// and the mark is older than the last record.
Directory make_directory(bool clean) {
  MemoryDisk memory;
  ManualClock clock;
  Told told;
  Directory made;
  small_run({memory, memory, clock, told}, run_options(), [&] { made.disk = memory.copy(); });
  if (clean) {
    RunningEngine running(run_options(), clock, *made.disk);
    EXPECT_TRUE(running.run(sale::Restock{SkuId("floor"), 1, {}}).has_value());
  }
  // Whether the next segment is reserved just now depends on how the presses fell into commits.
  if (auto next = made.disk->open(next_segment_path(kDataDir), Disk::Mode::create)) {
    EXPECT_TRUE((*next)->write_at(0, std::string(4 * kSector, '\0')).has_value());
  }
  for (const char* kind : {"/lock", "/ballast", "/journal.mark", "/journal-0", "/snapshot-"}) {
    EXPECT_TRUE(std::ranges::any_of(made.disk->paths(), [&](const std::string& path) {
      return path.find(kind) != std::string::npos;
    })) << kind;
  }
  made.state = state_of(*made.disk, kDataDir).value();
  // The state one record earlier, by folding all but the last.
  const auto whole = recover(*made.disk, kDataDir, {.fold = false}).value();
  made.last = whole.last.position;
  made.all_marked = whole.mark->position == made.last;
  Sales sales;
  RecoverOptions options{.fold = false};
  options.visit = [&](const Record& record) {
    return record.head.position >= made.last || sales.fold(record.payload).has_value();
  };
  EXPECT_TRUE(recover(*made.disk, kDataDir, options).has_value());
  sales.each([&](const SaleSlot& slot) {
    made.state_before_last[slot.id.value()] = {slot.sale.state_hash(), slot.last};
  });
  return made;
}

struct Sector {
  std::string path;
  std::size_t at = 0;
  std::size_t length = 0;
};

std::vector<Sector> sectors_of(MemoryDisk& disk) {
  std::vector<Sector> sectors;
  for (const std::string& path : disk.paths()) {
    const std::size_t size = disk.read(path).size();
    for (std::size_t at = 0; at < size; at += kSector) {
      sectors.push_back({path, at, std::min(kSector, size - at)});
    }
  }
  return sectors;
}

std::string read_sector(MemoryDisk& disk, const Sector& sector) {
  return disk.read(sector.path).substr(sector.at, sector.length);
}

void write_sector(MemoryDisk& disk, const Sector& sector, std::string bytes) {
  std::string file = disk.read(sector.path);
  bytes.resize(sector.length, '\0');
  file.replace(sector.at, sector.length, bytes);
  disk.overwrite(sector.path, std::move(file));
}

struct Counts {
  std::size_t damages = 0;
  std::size_t refused = 0;
  std::size_t harmless = 0;
  std::size_t in_the_gap = 0;  ///< the last record, which no mark knew, passed for a torn commit
  std::size_t tried = 0;       ///< refused, and the tools were tried on it
  std::size_t restored = 0;    ///< of those, with all that lay before the damage
  std::size_t wrong = 0;
  std::string first_wrong;

  void is_wrong(const std::string& words) {
    if (++wrong == 1) first_wrong = words;
  }
};

// The tools wait 200 ms each before they believe damage, since a server may be writing.
constexpr std::size_t kToolsEvery = 25;

void try_tools(MemoryDisk& disk, const Fault& refusal, const std::string& damage, Counts& counts);

/// What the refusal says must be there, and must work.
void judge_refusal(MemoryDisk& disk, const Fault& refusal, const std::string& damage,
                   Counts& counts) {
  const bool place = refusal.what.find("file journal") != std::string::npos &&
                     (refusal.what.find("offset") != std::string::npos ||
                      refusal.what.find("journal.mark") != std::string::npos);
  if (!place || refusal.remedy.find("dibs journal verify --data data") == std::string::npos) {
    counts.is_wrong(damage + ": says " + refusal.what + " | " + refusal.remedy);
  }
  if (counts.refused++ % kToolsEvery == 0) try_tools(disk, refusal, damage, counts);
}

void try_tools(MemoryDisk& disk, const Fault& refusal, const std::string& damage, Counts& counts) {
  ++counts.tried;
  const JournalReport report = verify(kDataDir, disk);
  if (!report.fault || report.fault->what != refusal.what) {
    return counts.is_wrong(damage + ": verify says otherwise than the start: " + refusal.what);
  }
  const auto saved = backup(kDataDir, kBackup, disk);
  if (!saved && report.records == 0) return;  // nothing lies before the damage
  if (!saved) return counts.is_wrong(damage + ": no backup: " + saved.error().what);
  const auto restored = restore(kBackup, kRestored, disk);
  if (!restored) return counts.is_wrong(damage + ": no restore: " + restored.error().what);
  Engine::Options options = run_options();
  options.data_dir = kRestored;
  const ManualClock clock;
  if (auto opened = Engine::open(options, clock, disk); !opened) {
    return counts.is_wrong(damage + ": what was restored is refused: " + opened.error().what);
  }
  if (restored->last.value() != report.records) {
    return counts.is_wrong(damage + ": the backup does not hold all records before the damage");
  }
  ++counts.restored;
}

void judge(const Directory& directory, MemoryDisk& disk, const std::string& damage,
           Counts& counts) {
  ++counts.damages;
  const ManualClock clock;
  std::optional<Fault> refusal;
  if (auto opened = Engine::open(run_options(), clock, disk); !opened) refusal = opened.error();
  if (refusal) return judge_refusal(disk, *refusal, damage, counts);
  const auto state = state_of(disk, kDataDir);
  if (!state) return counts.is_wrong(damage + ": opened, then refused: " + state.error().what);
  if (*state == directory.state) {
    ++counts.harmless;
  } else if (!directory.all_marked && *state == directory.state_before_last) {
    ++counts.in_the_gap;
  } else {
    counts.is_wrong(damage + ": unnoticed, and the sales are not what they were");
  }
}

/// All ways of damaging one sector, but for swaps.
std::vector<std::string> damaged(const std::string& sector, const std::string& neighbour) {
  std::vector<std::string> ways(4, sector);
  ways[0][sector.size() / 3] ^= 0x10;
  ways[1][0] ^= 1;
  ways[2] = std::string(sector.size(), '\0');
  ways[3] = neighbour;
  if (long_version()) {
    for (std::size_t bit = 0; bit < sector.size() * 8; bit += 37) {
      ways.push_back(sector);
      ways.back()[bit / 8] = static_cast<char>(ways.back()[bit / 8] ^ (1 << (bit % 8)));
    }
  }
  return ways;
}

std::string place_of(const Sector& sector) {
  return sector.path + " at " + std::to_string(sector.at);
}

Counts damage_everything(const Directory& directory) {
  const std::vector<Sector> sectors = sectors_of(*directory.disk);
  std::mt19937 random(5);
  Counts counts;
  for (std::size_t i = 0; i < sectors.size(); ++i) {
    const std::string bytes = read_sector(*directory.disk, sectors[i]);
    const std::size_t next = (i + 1) % sectors.size();
    for (const std::string& bad : damaged(bytes, read_sector(*directory.disk, sectors[next]))) {
      auto disk = directory.disk->copy();
      write_sector(*disk, sectors[i], bad);
      judge(directory, *disk, place_of(sectors[i]), counts);
    }
    std::vector<std::size_t> others = {next, random() % sectors.size(), random() % sectors.size()};
    if (long_version()) {
      others.clear();
      for (std::size_t other = i + 1; other < sectors.size(); ++other) others.push_back(other);
    }
    for (const std::size_t other : others) {
      auto disk = directory.disk->copy();
      write_sector(*disk, sectors[i], read_sector(*directory.disk, sectors[other]));
      write_sector(*disk, sectors[other], bytes);
      judge(directory, *disk, place_of(sectors[i]) + " swapped with " + place_of(sectors[other]),
            counts);
    }
  }
  std::printf(
      "%zu sectors in %zu files: %zu damages, %zu refused (%zu of %zu tried restored up to the "
      "damage), %zu harmless, %zu in the stated gap, %zu wrong\n",
      sectors.size(), directory.disk->paths().size(), counts.damages, counts.refused,
      counts.restored, counts.tried, counts.harmless, counts.in_the_gap, counts.wrong);
  return counts;
}

TEST(DamagedSector, is_refused_with_what_to_do_or_harmless_after_a_clean_end) {
  const Directory directory = make_directory(true);
  ASSERT_TRUE(directory.all_marked);
  const Counts counts = damage_everything(directory);
  EXPECT_EQ(counts.wrong, 0U) << counts.first_wrong;
  EXPECT_EQ(counts.in_the_gap, 0U);
  EXPECT_GT(counts.refused, 100U);
  EXPECT_GT(counts.restored, 5U);
  EXPECT_GT(counts.harmless, 100U);
}

TEST(DamagedSector, of_the_last_unmarked_record_is_the_only_one_that_passes_for_a_torn_commit) {
  // The mark is written once, when its thread first runs; on a busy machine that may be late.
  Directory directory = make_directory(false);
  for (int i = 0; i < 50 && directory.all_marked; ++i) directory = make_directory(false);
  ASSERT_FALSE(directory.all_marked);
  const Counts counts = damage_everything(directory);
  EXPECT_EQ(counts.wrong, 0U) << counts.first_wrong;
  EXPECT_GT(counts.in_the_gap, 0U) << "the gap is stated, so it must be seen";
}

TEST(MissingFile, of_journal_or_mark_is_refused_and_of_anything_else_is_harmless) {
  const Directory directory = make_directory(true);
  std::size_t refused = 0;
  for (const std::string& path : directory.disk->paths()) {
    auto disk = directory.disk->copy();
    disk->erase(path);
    const bool needed = path == mark_path(kDataDir) || path.find("journal-0") != std::string::npos;
    const ManualClock clock;
    const auto opened = Engine::open(run_options(), clock, *disk);
    EXPECT_EQ(opened.has_value(), !needed) << path;
    if (opened) {
      EXPECT_EQ(state_of(*disk, kDataDir).value(), directory.state) << path;
      continue;
    }
    ++refused;
    EXPECT_NE(opened.error().remedy.find("dibs journal verify"), std::string::npos) << path;
    // Without the mark nobody can say that the end is there, but all that is can be saved.
    if (path != mark_path(kDataDir)) continue;
    ASSERT_TRUE(backup(kDataDir, kBackup, *disk).has_value());
    ASSERT_TRUE(restore(kBackup, kRestored, *disk).has_value());
    EXPECT_EQ(state_of(*disk, kRestored).value(), directory.state);
  }
  EXPECT_GE(refused, 2U);
}

TEST(DamagedSector, a_recovery_that_truncates_is_caught) {
  // The planted bug does what a tolerant reader does at damage amid the log: everything from there
  // on is cut off, and the mark is set to what is left.
  const Directory directory = make_directory(true);
  auto disk = directory.disk->copy();
  const std::string first = path_in(kDataDir, segment_name(Position(1)));
  std::string bytes = disk->read(first);
  std::fill(bytes.begin() + 3 * kSector, bytes.end(), '\0');
  disk->overwrite(first, bytes);
  for (const std::string& path : disk->paths()) {
    const bool later =
        path.find("snapshot-") != std::string::npos || (path.ends_with(".log") && path != first);
    if (later || path == mark_path(kDataDir)) disk->erase(path);
  }
  ASSERT_TRUE(MarkFile::create(*disk, mark_path(kDataDir), Instant()).has_value());
  Counts counts;
  judge(directory, *disk, "truncated", counts);
  EXPECT_EQ(counts.wrong, 1U);
}

}  // namespace
}  // namespace dibs::engine

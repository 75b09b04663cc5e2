#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "engine/archive.h"
#include "engine/entry.h"
#include "engine/fixture.h"
#include "engine/fixture_history.h"
#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/mark.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  EXPECT_TRUE(in.good()) << path;
  return all.str();
}

/// Every fixture there is, of every format, by its path without the last two extensions.
std::vector<std::string> fixtures() {
  constexpr std::string_view kFiles = ".files.txt";
  std::vector<std::string> bases;
  const std::string root = std::string(DIBS_SOURCE_DIR) + "/tests/fixtures";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string path = entry.path().string();
    if (path.ends_with(kFiles)) bases.push_back(path.substr(0, path.size() - kFiles.size()));
  }
  std::ranges::sort(bases);
  EXPECT_GE(bases.size(), 2U);
  return bases;
}

std::unique_ptr<MemoryDisk> disk_of(const std::string& base) {
  auto disk = std::make_unique<MemoryDisk>();
  unpack_fixture(text_of(base + ".files.txt"), *disk, kFixtureDir);
  return disk;
}

std::string refusal_of(MemoryDisk& disk) {
  const auto recovered = recover(disk, kFixtureDir, {});
  return recovered ? "not refused" : recovered.error().what;
}

std::string first_segment() { return path_in(kFixtureDir, segment_name(Position(1))); }

class Fixtures : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Fixtures, testing::ValuesIn(fixtures()), [](const auto& one) {
  std::string name = one.param.substr(one.param.find("/format-") + 1);
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST_P(Fixtures, are_read_to_the_states_and_orders_of_the_version_that_wrote_them) {
  const std::string expected = text_of(GetParam() + ".expected.txt");
  const auto disk = disk_of(GetParam());
  const auto from_snapshot = recover(*disk, kFixtureDir, {});
  ASSERT_TRUE(from_snapshot.has_value()) << from_snapshot.error().what;
  EXPECT_GT(from_snapshot->snapshot, Position()) << "the snapshot was passed over";
  EXPECT_EQ(described(*from_snapshot), expected);
  const auto from_the_first = recover(*disk, kFixtureDir, {.use_snapshots = false});
  ASSERT_TRUE(from_the_first.has_value()) << from_the_first.error().what;
  EXPECT_EQ(described(*from_the_first), expected);
}

TEST_P(Fixtures, without_their_snapshot_are_read_to_the_same) {
  const auto disk = disk_of(GetParam());
  const auto snapshots = *list_snapshots(*disk, kFixtureDir);
  for (const NumberedFile& file : snapshots) disk->erase(path_in(kFixtureDir, file.name));
  const auto recovered = recover(*disk, kFixtureDir, {});
  ASSERT_TRUE(recovered.has_value()) << recovered.error().what;
  EXPECT_EQ(described(*recovered), text_of(GetParam() + ".expected.txt"));
}

TEST_P(Fixtures, are_sold_from_and_audited_by_this_version) {
  const TempDir dir;
  unpack_fixture(text_of(GetParam() + ".files.txt"), posix_disk(), dir.path());
  ManualClock clock;
  clock.advance(std::chrono::hours(1));
  {
    RunningEngine running(small_options(dir.path()), clock);
    ASSERT_TRUE(running.opened()) << running.refusal().what;
    ASSERT_TRUE(running.run(put_of(1), "afterwards").has_value());
    ASSERT_TRUE(running.run(buy_of("zoe"), "afterwards")->order.has_value());
  }
  EXPECT_FALSE(verify(dir.path()).fault);
  const auto report = audit(dir.path());
  ASSERT_TRUE(report.has_value()) << report.error().what;
  EXPECT_TRUE(report->differences.empty()) << report->differences.front();
}

TEST_P(Fixtures, hold_archives_that_this_version_reads) {
  const auto disk = disk_of(GetParam());
  std::size_t read = 0;
  for (const std::string& path : disk->paths()) {
    if (!path.starts_with(path_in(kFixtureDir, "archive-"))) continue;
    const auto content = read_archive(*disk, path);
    ASSERT_TRUE(content.has_value()) << content.error().what;
    ++read;
  }
  EXPECT_EQ(read, GetParam().ends_with("/archived") ? 1U : 0U);
}

TEST(FixturesTogether, hold_every_event_type_and_every_entry_tag) {
  std::set<std::size_t> facts;
  std::set<std::size_t> entries;
  for (const std::string& base : fixtures()) {
    RecoverOptions options{.fold = false};
    options.visit = [&](const Record& record) {
      EntryReader reader(record.payload);
      while (const auto entry = reader.next()) {
        entries.insert(entry->body.index());
        const auto* event = std::get_if<EventEntry>(&entry->body);
        if (event != nullptr) facts.insert(event->event.fact.index());
      }
      return true;
    };
    const auto disk = disk_of(base);
    ASSERT_TRUE(recover(*disk, kFixtureDir, options).has_value());
  }
  EXPECT_EQ(facts.size(), std::variant_size_v<sale::Fact>);
  EXPECT_EQ(entries.size(), std::variant_size_v<decltype(Entry::body)>);
}

TEST(FixturesTogether, another_history_than_the_one_kept_is_noticed) {
  // The proof that the comparison compares: the fixture of one history against the words of a
  // fresh run of the same history, whose orders have other keys.
  const auto disk = history_with_crash();
  const auto recovered = recover(*disk, kFixtureDir, {});
  ASSERT_TRUE(recovered.has_value());
  const std::string base = std::string(DIBS_SOURCE_DIR) + "/tests/fixtures/format-1/crash";
  EXPECT_NE(described(*recovered), text_of(base + ".expected.txt"));
  MemoryDisk again;
  unpack_fixture(packed_fixture(*disk, kFixtureDir), again, kFixtureDir);
  EXPECT_EQ(described(*recover(again, kFixtureDir, {})), described(*recovered));
}

/// A later program has been at the directory: both numbers are said, and what to do.
class Newer : public testing::Test {
 protected:
  std::unique_ptr<MemoryDisk> disk_ = disk_of(fixtures().front());

  void expect_both(const std::string& words, const std::string& what, int found, int known) {
    EXPECT_NE(words.find(what + " " + std::to_string(found)), std::string::npos) << words;
    EXPECT_NE(words.find(what + " " + std::to_string(known)), std::string::npos) << words;
  }
};

TEST_F(Newer, journal_is_refused_with_both_numbers) {
  std::string bytes = disk_->read(first_segment());
  bytes[4] = 9;
  disk_->overwrite(first_segment(), bytes);
  expect_both(refusal_of(*disk_), "format", 9, kJournalFormat);
}

TEST_F(Newer, mark_is_refused_with_both_numbers) {
  std::string bytes = disk_->read(mark_path(kFixtureDir));
  bytes[4] = bytes[4096 + 4] = 9;
  disk_->overwrite(mark_path(kFixtureDir), bytes);
  expect_both(refusal_of(*disk_), "format", 9, static_cast<int>(kMarkFormat));
}

TEST_F(Newer, mark_in_one_slot_only_is_taken_for_a_damaged_slot) {
  std::string bytes = disk_->read(mark_path(kFixtureDir));
  bytes[4] = 9;
  disk_->overwrite(mark_path(kFixtureDir), bytes);
  EXPECT_EQ(refusal_of(*disk_), "not refused");
}

TEST_F(Newer, snapshot_is_passed_over_with_both_numbers) {
  for (const std::size_t field : {4U, 5U}) {  // the format, the form of the state
    const auto disk = disk_->copy();
    const std::string path = path_in(kFixtureDir, list_snapshots(*disk, kFixtureDir)->front().name);
    std::string bytes = disk->read(path);
    bytes[field] = 9;
    bytes.resize(bytes.size() - sizeof(Hash));
    const Hash own = sha256(bytes);
    for (const std::uint8_t byte : own) bytes += static_cast<char>(byte);
    disk->overwrite(path, bytes);
    const auto recovered = recover(*disk, kFixtureDir, {});
    ASSERT_TRUE(recovered.has_value()) << recovered.error().what;
    EXPECT_EQ(recovered->snapshot, Position());
    ASSERT_EQ(recovered->warnings.size(), 1U);
    expect_both(recovered->warnings.front(), field == 4 ? "format" : "form", 9, 1);
  }
}

}  // namespace
}  // namespace dibs::engine

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "engine/backup_trailer.h"
#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

constexpr auto kFile = "./backup.dibs";

/// A journal of several segments on a disk in memory.
class Backup : public testing::Test {
 protected:
  void SetUp() override {
    RunningEngine running(small_options("data"), clock_, disk_);
    ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(running.run(buy_of("b")).has_value());
    running.engine().drain();
    ASSERT_GT(list_segments(disk_, "data")->size(), 1U);
  }

  std::vector<std::string> paths_of(const std::string& dir) {
    auto paths = disk_.paths();
    std::erase_if(paths, [&](const std::string& path) { return !path.starts_with(dir + "/"); });
    return paths;
  }

  ManualClock clock_;
  MemoryDisk disk_;
};

TEST_F(Backup, cut_at_any_sector_or_grown_is_refused_and_nothing_is_made_of_it) {
  ASSERT_TRUE(backup("data", kFile, disk_).has_value());
  const std::string whole = disk_.read(kFile);
  for (std::size_t kept = 0; kept < whole.size(); kept += kSector) {
    disk_.overwrite(kFile, whole.substr(0, kept));
    const auto restored = restore(kFile, "copy", disk_);
    ASSERT_FALSE(restored.has_value()) << "cut to " << kept << " bytes and taken";
    EXPECT_EQ(restored.error().kind, FaultKind::corrupt);
    ASSERT_TRUE(paths_of("copy").empty()) << kept;
  }
  disk_.overwrite(kFile, whole + "x");
  EXPECT_FALSE(restore(kFile, "copy", disk_).has_value()) << "something follows the end";
  disk_.overwrite(kFile, whole);
  EXPECT_TRUE(restore(kFile, "copy", disk_).has_value());
}

TEST_F(Backup, of_a_damaged_journal_says_so_and_so_does_what_is_restored_from_it) {
  const std::string path = path_in("data", segment_name(Position(1)));
  std::string bytes = disk_.read(path);
  bytes[10 * kSector + 110] ^= 1;
  disk_.overwrite(path, bytes);
  const auto taken = backup("data", kFile, disk_);
  ASSERT_TRUE(taken.has_value()) << taken.error().what;
  ASSERT_TRUE(taken->damage.has_value());
  EXPECT_EQ(taken->damage->what, verify("data", disk_).fault->what);
  const auto restored = restore(kFile, "copy", disk_);
  ASSERT_TRUE(restored.has_value()) << restored.error().what;
  EXPECT_TRUE(restored->ends_at_damage);
  EXPECT_EQ(restored->last, taken->last);
  EXPECT_FALSE(verify("copy", disk_).fault);
  const RunningEngine again(small_options("copy"), clock_, disk_);
  EXPECT_TRUE(again.opened()) << again.refusal().what;
}

TEST_F(Backup, where_there_is_no_journal_is_a_fault_and_leaves_no_file) {
  const auto taken = backup("nothing", kFile, disk_);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().kind, FaultKind::not_found);
  EXPECT_NE(taken.error().what.find("no journal"), std::string::npos) << taken.error().what;
  EXPECT_TRUE(paths_of(".").empty());
  const auto restored = restore(kFile, "copy", disk_);
  ASSERT_FALSE(restored.has_value());
  EXPECT_TRUE(paths_of("copy").empty());
}

TEST_F(Backup, that_fails_on_a_full_disk_leaves_no_file) {
  disk_.set_capacity(disk_.bytes_used() + 4 * kSector);
  const auto taken = backup("data", kFile, disk_);
  ASSERT_FALSE(taken.has_value());
  EXPECT_NE(taken.error().remedy.find("room"), std::string::npos) << taken.error().remedy;
  EXPECT_TRUE(paths_of(".").empty());
}

TEST_F(Backup, pads_a_last_record_whose_padding_was_cut_off_with_zeros) {
  std::size_t begin = 0;
  std::size_t size = 0;
  RecoverOptions options{.fold = false};
  options.visit = [&](const Record& record) {
    begin = record.place.offset;
    size = kRecordHeaderBytes + record.payload.size();
    return true;
  };
  const auto recovered = recover(disk_, "data", options);
  ASSERT_TRUE(recovered.has_value());
  const std::string last = path_in("data", recovered->segments.back().name);
  ASSERT_NE(size % kSector, 0U);
  disk_.overwrite(last, disk_.read(last).substr(0, begin + size));
  ASSERT_TRUE(backup("data", kFile, disk_).has_value());
  const std::string file = disk_.read(kFile);
  const std::size_t end = file.size() - kSector;  // the trailer's sector
  const std::string padding = file.substr(end - record_bytes(size - kRecordHeaderBytes) + size,
                                          record_bytes(size - kRecordHeaderBytes) - size);
  EXPECT_EQ(padding, std::string(padding.size(), '\0'));
}

TEST_F(Backup, a_restore_that_fails_on_the_way_leaves_nothing_that_starts) {
  ASSERT_TRUE(backup("data", kFile, disk_).has_value());
  for (const std::string failing : {"write", "sync", "creation"}) {
    for (int call = 1; call <= 8; ++call) {
      auto disk = disk_.copy();
      disk->set_fault([&, made = 0](const std::string& name, const std::string& path) mutable {
        return name == failing && path.starts_with("copy/") && ++made == call ? EIO : 0;
      });
      const bool restored = restore(kFile, "copy", *disk).has_value();
      disk->set_fault(nullptr);
      if (restored || disk->paths() == disk_.paths()) continue;
      const RunningEngine opened(small_options("copy"), clock_, *disk);
      EXPECT_FALSE(opened.opened()) << failing << " " << call;
    }
  }
}

TEST(BackupTrailer, is_read_back_and_no_other_bytes_are_taken_for_one) {
  BackupTrailer trailer{.records = 300, .last = Position(300), .hash = sha256("last")};
  for (const bool ends_at_damage : {false, true}) {
    trailer.ends_at_damage = ends_at_damage;
    const std::string bytes = packed(trailer);
    ASSERT_EQ(bytes.size(), kSector);
    EXPECT_EQ(parse_trailer(bytes), trailer);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string changed = bytes;
      changed[i] ^= 2;
      EXPECT_FALSE(parse_trailer(changed)) << i;
    }
    EXPECT_FALSE(parse_trailer(bytes.substr(1)));
  }
}

}  // namespace
}  // namespace dibs::engine

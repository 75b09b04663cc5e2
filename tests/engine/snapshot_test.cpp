#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_dir.h"
#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"
#include "engine/snapshot.h"

/// What a snapshot says about the journal beside it, to a start and to those who inspect.
namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

TEST(Snapshots, recovers_from_a_snapshot_and_from_the_journal_when_the_snapshot_is_broken) {
  const ManualClock clock;
  const TempDir dir;
  auto options = small_options(dir.path());
  options.journal.snapshot_bytes = 4 * 1024;
  std::vector<OrderId> orders;
  {
    RunningEngine running(options, clock);
    ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
    for (int i = 0; i < 200; ++i) orders.push_back(running.run(buy_of("b"))->order->id);
    for (int i = 0; i < 3000 && list_snapshots(posix_disk(), dir.path())->empty(); ++i) {
      std::this_thread::sleep_for(10ms);
    }
  }
  ASSERT_FALSE(list_snapshots(posix_disk(), dir.path())->empty());
  const auto found_all = [&] {
    RunningEngine again(options, clock);
    if (!again.opened()) return false;
    for (const OrderId& order : orders) {
      if (!again.find(order)) return false;
    }
    return true;
  };
  EXPECT_TRUE(found_all());
  EXPECT_TRUE(audit(dir.path())->differences.empty());
  // All there are by now: reopening may have made another.
  const auto snapshots = *list_snapshots(posix_disk(), dir.path());
  for (const auto& snapshot : snapshots) {
    auto file = posix_disk().open(path_in(dir.path(), snapshot.name), Disk::Mode::write);
    ASSERT_TRUE((*file)->write_at(100, "damage").has_value());
  }
  EXPECT_FALSE(audit(dir.path())->differences.empty()) << "the audit must see a damaged snapshot";
  EXPECT_TRUE(found_all());
}

/// A directory of a server that ended in order, with no snapshot yet.
class SnapshotFiles : public testing::Test {
 protected:
  void SetUp() override {
    RunningEngine running(small_options("data"), clock_, disk_);
    ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(running.run(buy_of("b")).has_value());
  }

  /// The state after record `upto` and, as `at` is given the chance to say, of another record.
  void write_snapshot_of(Position upto, const std::function<void(ChainPoint&)>& at) {
    RecoverOptions options;
    options.visit = [&](const Record& record) { return record.head.position < upto; };
    auto recovered = recover(disk_, "data", options);
    ASSERT_TRUE(recovered.has_value());
    Snapshot snapshot{.at = recovered->last, .sales = std::move(recovered->sales)};
    at(snapshot.at);
    ASSERT_TRUE(write_snapshot(disk_, "data", snapshot).has_value());
  }

  /// Start, verify and audit refuse the directory in the same words.
  void expect_all_refuse(const std::string& words) {
    const RunningEngine again(small_options("data"), clock_, disk_);
    ASSERT_FALSE(again.opened());
    EXPECT_EQ(again.refusal().kind, FaultKind::corrupt);
    EXPECT_NE(again.refusal().what.find(words), std::string::npos) << again.refusal().what;
    const JournalReport report = verify("data", disk_);
    ASSERT_TRUE(report.fault.has_value());
    EXPECT_EQ(report.fault->what, again.refusal().what);
    const auto audited = audit("data", disk_);
    ASSERT_FALSE(audited.has_value());
    EXPECT_EQ(audited.error().what, again.refusal().what);
  }

  ManualClock clock_;
  MemoryDisk disk_;
};

TEST_F(SnapshotFiles, left_without_a_journal_are_no_new_directory) {
  write_snapshot_of(Position(5), [](ChainPoint&) {});
  for (const std::string& path : disk_.paths()) {
    if (path.find("journal") != std::string::npos) disk_.erase(path);
  }
  expect_all_refuse("the journal's files are gone");
}

TEST_F(SnapshotFiles, of_a_later_record_than_the_last_show_that_the_end_is_lost) {
  write_snapshot_of(Position(5), [](ChainPoint& at) { at.position = Position(1'000); });
  expect_all_refuse("records up to 1000 were durable");
}

TEST_F(SnapshotFiles, of_another_journal_are_passed_over_by_a_start_and_named_by_the_others) {
  write_snapshot_of(Position(5), [](ChainPoint& at) { at.hash[0] ^= 1; });
  {
    const RunningEngine again(small_options("data"), clock_, disk_);
    EXPECT_TRUE(again.opened()) << again.refusal().what;
  }
  const std::string words = "snapshot of position 5 is not of this journal";
  const JournalReport report = verify("data", disk_);
  EXPECT_FALSE(report.fault.has_value());
  ASSERT_EQ(report.remarks.size(), 1U);
  EXPECT_NE(report.remarks.front().find(words), std::string::npos) << report.remarks.front();
  const auto audited = audit("data", disk_);
  ASSERT_TRUE(audited.has_value()) << audited.error().what;
  ASSERT_EQ(audited->differences.size(), 1U);
  EXPECT_NE(audited->differences.front().find(words), std::string::npos);
}

}  // namespace
}  // namespace dibs::engine

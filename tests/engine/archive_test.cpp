#include "engine/archive.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_dir.h"
#include "engine/inspect.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto kDir = "data";

/// Two sales: `concert`, in which one of two units was sold and which is closed, and `encore`,
/// which sells on.
void sell(RunningEngine& running) {
  ASSERT_TRUE(running.run(put_of(2)).has_value());
  const auto anna = running.run(buy_of("anna"));
  const auto ben = running.run(buy_of("ben"));
  ASSERT_TRUE(running.run(sale::PaymentSucceeded{anna->order->id.key, true}).has_value());
  ASSERT_TRUE(running.run(sale::Cancel{ben->order->id.key}).has_value());
  ASSERT_TRUE(running.run(sale::Close{}).has_value());
  ASSERT_EQ(running.run(buy_of("late"))->arrival, Arrival(3));
  ASSERT_TRUE(running.run(put_of(5), "encore").has_value());
  ASSERT_TRUE(running.run(buy_of("zoe"), "encore")->order.has_value());
}

ArchiveOptions options_of(const std::string& dir, const std::string& sale = "concert") {
  return {
      .data_dir = dir, .sale = SaleId(sale), .file = {}, .actor = "olga", .journal = small_files()};
}

class Archive : public testing::Test {
 protected:
  void SetUp() override {
    RunningEngine running(small_options(dir_.path()), clock_);
    sell(running);
  }
  Result<ArchiveReport> archive(const std::string& sale = "concert") {
    return archive_sale(options_of(dir_.path(), sale), clock_, posix_disk());
  }

  TempDir dir_;
  ManualClock clock_;
};

TEST_F(Archive, writes_all_of_the_sale_and_drops_it_from_memory_and_snapshots) {
  const auto report = archive();
  ASSERT_TRUE(report.has_value()) << report.error().what;
  EXPECT_EQ(report->orders, 2U);
  EXPECT_EQ(report->refused, 1U);
  const auto content = read_archive(posix_disk(), report->file);
  ASSERT_TRUE(content.has_value()) << content.error().what;
  EXPECT_EQ(content->report.file_hash, report->file_hash);
  const auto recovered = recover(posix_disk(), dir_.path(), {});
  ASSERT_TRUE(recovered.has_value()) << recovered.error().what;
  const SaleSlot* slot = recovered->sales.find(SaleId("concert"));
  EXPECT_TRUE(slot->sale.archived());
  std::string state;
  slot->sale.save(state);
  EXPECT_LT(state.size(), 20U) << "no order is kept";
  EXPECT_TRUE(recovered->sales.find(SaleId("encore"))->sale.exists());
}

TEST_F(Archive, leaves_audit_verify_and_why_right) {
  const auto before = audit(dir_.path());
  const auto sentence = why(dir_.path(), SaleId("concert"), BuyerId("late"));
  ASSERT_TRUE(archive().has_value());
  EXPECT_FALSE(verify(dir_.path()).fault);
  const auto after = audit(dir_.path());
  ASSERT_TRUE(after.has_value()) << after.error().what;
  EXPECT_TRUE(after->differences.empty()) << after->differences.front();
  EXPECT_EQ(after->orders, before->orders);
  EXPECT_EQ(after->units_sold, before->units_sold);
  EXPECT_EQ(why(dir_.path(), SaleId("concert"), BuyerId("late")).value(), sentence.value());
}

TEST_F(Archive, takes_the_id_for_good) {
  ASSERT_TRUE(archive().has_value());
  RunningEngine running(small_options(dir_.path()), clock_);
  ASSERT_TRUE(running.opened()) << running.refusal().what;
  EXPECT_EQ(running.engine().glance(SaleId("concert")), nullptr);
  const auto again = running.run(put_of(1));
  EXPECT_EQ(again->code, sale::Code::wrong_state);
  EXPECT_NE(again->detail.find("cannot be used again"), std::string::npos);
  EXPECT_EQ(running.run(buy_of("ben"))->code, sale::Code::unknown_sale);
  EXPECT_TRUE(running.run(buy_of("yan"), "encore")->order.has_value());
}

TEST_F(Archive, of_a_sale_that_is_open_archived_or_unknown_is_refused_and_nothing_written) {
  const auto records = verify(dir_.path()).records;
  EXPECT_NE(archive("encore").error().what.find("is not closed"), std::string::npos);
  EXPECT_EQ(archive("other").error().kind, FaultKind::not_found);
  EXPECT_EQ(verify(dir_.path()).records, records);
  EXPECT_FALSE(read_whole(posix_disk(), archive_path(dir_.path(), SaleId("encore"))).has_value());
  ASSERT_TRUE(archive().has_value());
  EXPECT_NE(archive().error().what.find("archived already"), std::string::npos);
}

TEST_F(Archive, beside_a_server_is_refused) {
  RunningEngine running(small_options(dir_.path()), clock_);
  EXPECT_NE(archive().error().what.find("is in use"), std::string::npos);
}

TEST_F(Archive, whose_file_is_damaged_anywhere_is_refused) {
  const auto report = archive();
  const std::string whole = *read_whole(posix_disk(), report->file);
  MemoryDisk disk;
  ASSERT_TRUE(disk.open("file", Disk::Mode::create).has_value());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    disk.overwrite("file", damaged);
    EXPECT_FALSE(read_archive(disk, "file").has_value()) << at;
    disk.overwrite("file", whole.substr(0, at));
    EXPECT_FALSE(read_archive(disk, "file").has_value()) << at;
  }
}

TEST_F(Archive, of_a_newer_format_is_refused_with_both_numbers) {
  const auto report = archive();
  std::string bytes = *read_whole(posix_disk(), report->file);
  bytes[4] = 9;
  bytes.resize(bytes.size() - sizeof(Hash));
  const Hash own = sha256(bytes);
  for (const std::uint8_t byte : own) bytes += static_cast<char>(byte);
  MemoryDisk disk;
  ASSERT_TRUE(disk.open("file", Disk::Mode::create).has_value());
  disk.overwrite("file", bytes);
  const auto read = read_archive(disk, "file");
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().what.find("format 9"), std::string::npos) << read.error().what;
  EXPECT_NE(read.error().what.find("format 1"), std::string::npos);
}

TEST_F(Archive, that_was_forged_with_a_right_hash_does_not_replay) {
  // The planted bug: the order is somebody else's.
  const auto report = archive();
  std::string bytes = *read_whole(posix_disk(), report->file);
  bytes.replace(bytes.find("anna"), 4, "hans");
  bytes.resize(bytes.size() - sizeof(Hash));
  const Hash own = sha256(bytes);
  for (const std::uint8_t byte : own) bytes += static_cast<char>(byte);
  MemoryDisk disk;
  ASSERT_TRUE(disk.open("file", Disk::Mode::create).has_value());
  disk.overwrite("file", bytes);
  EXPECT_FALSE(read_archive(disk, "file").has_value());
}

/// What a power cut before each call that changes the disk would leave.
std::vector<std::unique_ptr<MemoryDisk>> cuts_while_archiving(MemoryDisk& disk,
                                                              const Clock& clock) {
  std::vector<std::unique_ptr<MemoryDisk>> left;
  std::mt19937 random(7);
  disk.set_fault([&](const std::string&, const std::string&) {
    for (const double survives : {0.0, 0.5, 1.0}) {
      left.push_back(disk.after_power_cut(survives, random));
    }
    return 0;
  });
  EXPECT_TRUE(archive_sale(options_of(kDir), clock, disk).has_value());
  disk.set_fault({});
  return left;
}

TEST(ArchiveCrash, at_each_step_leaves_the_sale_whole_or_archived_and_can_be_done_again) {
  ManualClock clock;
  MemoryDisk disk;
  {
    RunningEngine running(small_options(kDir), clock, disk);
    sell(running);
  }
  const SaleId sale("concert");
  const auto before = recover(disk, kDir, {})->sales.find(sale)->sale.state_hash();
  std::size_t whole = 0;
  std::size_t archived = 0;
  for (const auto& cut : cuts_while_archiving(disk, clock)) {
    const auto recovered = recover(*cut, kDir, {});
    ASSERT_TRUE(recovered.has_value()) << recovered.error().what;
    const sale::Sale& then = recovered->sales.find(sale)->sale;
    if (then.archived()) {
      // Never without its file: that was durable before.
      ++archived;
      ASSERT_TRUE(read_archive(*cut, archive_path(kDir, sale)).has_value());
      continue;
    }
    ++whole;
    ASSERT_EQ(then.state_hash(), before);
    const auto again = archive_sale(options_of(kDir), clock, *cut);
    ASSERT_TRUE(again.has_value()) << again.error().what;
    ASSERT_TRUE(recover(*cut, kDir, {})->sales.find(sale)->sale.archived());
    ASSERT_FALSE(verify(kDir, *cut).fault);
  }
  std::printf("archiving cut: %zu times the sale was whole, %zu times archived\n", whole, archived);
  EXPECT_GT(whole, 5U);
  EXPECT_GT(archived, 0U);
}

TEST(ArchiveCrash, a_disk_that_fails_at_any_call_is_said_and_loses_nothing) {
  ManualClock clock;
  MemoryDisk sold;
  {
    RunningEngine running(small_options(kDir), clock, sold);
    sell(running);
  }
  std::size_t failures = 0;
  for (int call = 1; call < 200; ++call) {
    const auto disk = sold.copy();
    int seen = 0;
    disk->set_fault([&](const std::string&, const std::string&) { return ++seen == call ? 5 : 0; });
    const auto report = archive_sale(options_of(kDir), clock, *disk);
    disk->set_fault({});
    if (!report) ++failures;
    const auto recovered = recover(*disk, kDir, {});
    ASSERT_TRUE(recovered.has_value()) << call << ": " << recovered.error().what;
    const sale::Sale& then = recovered->sales.find(SaleId("concert"))->sale;
    ASSERT_TRUE(then.archived() || then.exists()) << call;
    ASSERT_TRUE(!report || then.archived()) << call;
    if (seen < call) break;  // all of it was done before the disk would have failed
  }
  EXPECT_GT(failures, 5U);
}

}  // namespace
}  // namespace dibs::engine

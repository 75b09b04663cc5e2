#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_dir.h"
#include "engine/inspect.h"
#include "engine/journal.h"
#include "engine/layout.h"
#include "engine/mark.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"

/// Reading a journal that a server is writing: whatever it finishes meanwhile is no damage.
namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

/// The directory of a server that has committed three records, and two more that come when the
/// test says so.
class Growing {
 public:
  Growing() {
    auto mark = MarkFile::create(disk, mark_path("data"), Instant());
    EXPECT_TRUE(mark.has_value());
    auto journal = Journal::open(disk, "data", small_files(), {.next = Position(1)});
    EXPECT_TRUE(journal.has_value());
    for (int i = 0; i < 3; ++i) append(**journal);
    before_ = disk.read(path_);
    for (int i = 0; i < 2; ++i) append(**journal);
    after_ = disk.read(path_);
    disk.overwrite(path_, before_);
  }

  /// The two records are there from the `read`-th reading of the journal on.
  void grow_at(int read) {
    disk.set_fault(
        [this, read, reads = 0](const std::string& call, const std::string& path) mutable {
          if (call == "read" && path == path_ && ++reads == read) disk.overwrite(path_, after_);
          return 0;
        });
  }

  MemoryDisk disk;

 private:
  void append(Journal& journal) {
    std::string record(kRecordHeaderBytes, '\0');
    record += "payload";
    last_ = seal(record, last_, 1, Instant());
    EXPECT_TRUE(journal.append(record, last_.position, true).has_value());
  }

  std::string path_ = path_in("data", segment_name(Position(1)));
  std::string before_;
  std::string after_;
  ChainPoint last_;
};

TEST(Beside, a_record_finished_at_any_moment_of_the_reading_is_no_damage) {
  constexpr int kReads = 8;  // more than one reading of so small a journal makes
  for (int read = 1; read <= kReads; ++read) {
    Growing growing;
    growing.grow_at(read);
    const auto recovered = recover(growing.disk, "data", {.beside_server = true, .fold = false});
    ASSERT_TRUE(recovered.has_value()) << "read " << read << ": " << recovered.error().what;
    EXPECT_GE(recovered->last.position, Position(3)) << "read " << read;
    EXPECT_FALSE(recovered->torn) << "read " << read;
  }
}

TEST(Beside, a_fault_in_a_segment_begun_meanwhile_names_that_segment) {
  MemoryDisk disk;
  auto mark = MarkFile::create(disk, mark_path("data"), Instant());
  auto journal = Journal::open(disk, "data", small_files(), {.next = Position(1)});
  ASSERT_TRUE(mark.has_value() && journal.has_value());
  ChainPoint last;
  while (list_segments(disk, "data")->size() < 2) {
    std::string record(kRecordHeaderBytes, '\0');
    record += "payload";
    last = seal(record, last, 1, Instant());
    ASSERT_TRUE((*journal)->append(record, last.position, true).has_value());
  }
  ChainPoint other = last;  // what the mark says of the first record of the second segment
  other.hash[0] ^= 1;
  ASSERT_TRUE(mark->write(other, Instant(), false, true).has_value());
  // At first only the first segment is seen, and its last record is half written.
  const std::string first = path_in("data", segment_name(Position(1)));
  const std::string second = path_in("data", segment_name(last.position));
  const std::string whole = disk.read(first);
  const std::string begun = disk.read(second);
  disk.erase(second);
  std::string torn = whole;
  torn[(last.position.value() - 2) * kSector + kRecordHeaderBytes] ^= 1;
  disk.overwrite(first, torn);
  disk.set_fault([&, reads = 0](const std::string& call, const std::string& path) mutable {
    if (call != "read" || path != first) return 0;
    if (++reads == 2) {
      auto file = disk.open(second, Disk::Mode::create);
      EXPECT_TRUE(file && write_all(**file, 0, begun));
    }
    if (reads == 3) disk.overwrite(first, whole);
    return 0;
  });
  const auto recovered = recover(disk, "data", {.beside_server = true, .fold = false});
  ASSERT_FALSE(recovered.has_value());
  EXPECT_NE(recovered.error().what.find("file " + segment_name(last.position) + ", offset 0"),
            std::string::npos)
      << recovered.error().what;
}

TEST(Beside, verify_audit_and_why_find_a_selling_server_sound_every_time) {
  const TempDir dir;
  auto options = small_options(dir.path());
  options.journal.snapshot_bytes = 32 * 1024;
  RunningEngine running(options, system_clock());
  ASSERT_TRUE(running.opened()) << running.refusal().what;
  ASSERT_TRUE(running.run(put_of(1'000'000, 1'000'000)).has_value());
  ASSERT_TRUE(running.run(buy_of("first")).has_value());
  // Buys go on through the beginning and the end of each reading, and no faster than reading does:
  // the journal would grow without an end where everything is slow.
  constexpr int kBuysBesideOne = 25;
  std::atomic<int> allowed{0};
  std::atomic<bool> stop{false};
  std::thread buyer([&] {
    while (!stop) {
      if (allowed == 0) {
        std::this_thread::yield();
        continue;
      }
      static_cast<void>(running.run(buy_of("b")));
      --allowed;
    }
  });
  constexpr int kTimes = 40;
  for (int i = 0; i < kTimes; ++i) {
    allowed += kBuysBesideOne;
    const JournalReport report = verify(dir.path());
    EXPECT_FALSE(report.fault) << report.fault->what;
    allowed += kBuysBesideOne;
    const auto audited = audit(dir.path());
    EXPECT_TRUE(audited.has_value()) << audited.error().what;
    const auto differences = audited ? audited->differences : std::vector<std::string>();
    EXPECT_TRUE(differences.empty()) << differences.front();
    allowed += kBuysBesideOne;
    const auto told = why(dir.path(), SaleId("concert"), BuyerId("first"));
    EXPECT_TRUE(told.has_value()) << told.error().what;
  }
  stop = true;
  buyer.join();
}

}  // namespace
}  // namespace dibs::engine

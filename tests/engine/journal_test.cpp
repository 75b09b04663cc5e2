#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/chain_reader.h"
#include "engine/journal.h"
#include "engine/layout.h"
#include "engine/mark.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

constexpr auto kDir = "data";

/// A journal of records with payloads of many sizes, written the way the committer does.
class Written {
 public:
  explicit Written(const std::vector<std::size_t>& payload_sizes, bool mark_all = true) {
    auto mark = MarkFile::create(disk, mark_path(kDir), Instant());
    EXPECT_TRUE(mark.has_value());
    Journal::Start start;
    start.next = Position(1);
    auto journal = Journal::open(disk, kDir, small_files(), start);
    EXPECT_TRUE(journal.has_value());
    for (const std::size_t size : payload_sizes) {
      std::string record(kRecordHeaderBytes, '\0');
      for (std::size_t i = 0; i < size; ++i) record += static_cast<char>('a' + (i + size) % 26);
      last = seal(record, last, 1, Instant(Duration(static_cast<std::int64_t>(size))));
      EXPECT_TRUE((*journal)->append(record, last.position, true).has_value());
      EXPECT_TRUE((*journal)->reserve().has_value());
      while ((*journal)->write_zeros().value_or(false)) {
      }
      payloads.push_back(record.substr(kRecordHeaderBytes, size));
      record_sizes.push_back(record.size());
    }
    if (!mark_all) return;
    EXPECT_TRUE(mark->write(last, Instant(), false, true).has_value());
  }

  MemoryDisk disk;
  ChainPoint last;
  std::vector<std::string> payloads;
  std::vector<std::size_t> record_sizes;
};

Result<std::vector<std::string>> read_back(Disk& disk) {
  std::vector<std::string> payloads;
  RecoverOptions options;
  options.fold = false;
  options.visit = [&](const Record& record) {
    payloads.emplace_back(record.payload);
    return true;
  };
  auto recovered = recover(disk, kDir, options);
  if (!recovered) return std::unexpected(recovered.error());
  return payloads;
}

const std::vector<std::size_t> kSizes = {0, 1, 407, 408, 409, 512, 3000, 5, 9000, 700, 8000, 44};

TEST(Journal, gives_back_what_was_appended_across_segments) {
  Written written(kSizes);
  EXPECT_GT(list_segments(written.disk, kDir)->size(), 1U);
  EXPECT_EQ(read_back(written.disk).value(), written.payloads);
}

TEST(Journal, each_record_begins_at_a_sector_of_its_own) {
  for (const std::size_t size : kSizes) EXPECT_EQ(record_bytes(size) % kSector, 0U);
  std::string record(kRecordHeaderBytes, '\0');
  static_cast<void>(seal(record, {}, 1, Instant()));
  EXPECT_EQ(record.size(), kSector);
}

TEST(Journal, a_last_commit_torn_at_any_length_is_dropped_and_nothing_else) {
  // The last record is cut after every number of bytes; what follows reads as zeros.
  std::vector<std::size_t> sizes = {100, 2000, 1500};
  Written written(sizes, false);
  const std::string path = path_in(kDir, segment_name(Position(1)));
  const std::string whole = written.disk.read(path);
  const std::size_t begin = written.record_sizes[0] + written.record_sizes[1];
  std::size_t dropped = 0;
  const std::size_t last_bytes = written.record_sizes.back();
  for (std::size_t kept = 0; kept < last_bytes; ++kept) {
    std::string bytes = whole;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin + kept),
              bytes.begin() + static_cast<std::ptrdiff_t>(begin + last_bytes), '\0');
    written.disk.overwrite(path, bytes);
    const auto payloads = read_back(written.disk);
    ASSERT_TRUE(payloads.has_value()) << kept << ": " << payloads.error().what;
    // Once all of header and payload is there, only zeros of the padding are missing.
    const bool complete = kept >= kRecordHeaderBytes + 1500;
    ASSERT_EQ(payloads->size(), complete ? 3U : 2U) << kept;
    dropped += complete ? 0 : 1;
  }
  EXPECT_EQ(dropped, kRecordHeaderBytes + 1500);
}

TEST(Journal, a_torn_commit_whose_sectors_survive_in_any_subset_is_dropped) {
  Written written({100, 2000}, false);
  const std::string path = path_in(kDir, segment_name(Position(1)));
  const std::string whole = written.disk.read(path);
  const std::size_t begin = written.record_sizes[0];
  const std::size_t sectors = written.record_sizes[1] / kSector;
  for (std::size_t mask = 0; mask + 1 < (1U << sectors); ++mask) {
    std::string bytes = whole;
    for (std::size_t i = 0; i < sectors; ++i) {
      if ((mask >> i & 1U) == 0) bytes.replace(begin + i * kSector, kSector, kSector, '\0');
    }
    written.disk.overwrite(path, bytes);
    const auto recovered = recover(written.disk, kDir, {.fold = false});
    ASSERT_TRUE(recovered.has_value()) << mask;
    ASSERT_EQ(recovered->last.position, Position(1)) << mask;
    auto copy = written.disk.copy();
    ASSERT_TRUE(repair_tail(*copy, kDir, *recovered).has_value());
    // After the repair nothing of it is left that could be taken for a record later.
    const std::string repaired = copy->read(path);
    ASSERT_EQ(repaired.find_first_not_of('\0', begin), std::string::npos) << mask;
  }
}

TEST(Journal, a_bad_record_before_a_good_one_refuses_and_names_file_offset_and_command) {
  Written written({100, 2000, 1500}, false);
  const std::string path = path_in(kDir, segment_name(Position(1)));
  std::string bytes = written.disk.read(path);
  bytes[written.record_sizes[0] + 600] ^= 1;
  written.disk.overwrite(path, bytes);
  const auto payloads = read_back(written.disk);
  ASSERT_FALSE(payloads.has_value());
  const Fault& fault = payloads.error();
  EXPECT_EQ(fault.kind, FaultKind::corrupt);
  EXPECT_NE(fault.what.find(segment_name(Position(1))), std::string::npos) << fault.what;
  EXPECT_NE(fault.what.find("offset 512"), std::string::npos) << fault.what;
  EXPECT_NE(fault.what.find("record 2"), std::string::npos) << fault.what;
  EXPECT_NE(fault.remedy.find("dibs journal verify --data data"), std::string::npos);
}

TEST(Journal, an_end_before_what_the_mark_knows_is_refused) {
  Written written({100, 2000, 1500});
  const std::string path = path_in(kDir, segment_name(Position(1)));
  std::string bytes = written.disk.read(path);
  const std::size_t begin = written.record_sizes[0] + written.record_sizes[1];
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.end(), '\0');
  written.disk.overwrite(path, bytes);
  const auto payloads = read_back(written.disk);
  ASSERT_FALSE(payloads.has_value());
  EXPECT_NE(payloads.error().what.find("records up to 3 were durable"), std::string::npos)
      << payloads.error().what;
}

TEST(Journal, a_missing_segment_or_mark_is_refused) {
  for (const std::size_t victim : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    Written written(kSizes);
    const auto segments = *list_segments(written.disk, kDir);
    ASSERT_GT(segments.size(), 2U);
    const std::size_t index = victim == 2 ? segments.size() - 1 : victim;
    written.disk.erase(path_in(kDir, segments[index].name));
    EXPECT_FALSE(read_back(written.disk).has_value()) << index;
  }
  Written written(kSizes);
  written.disk.erase(mark_path(kDir));
  EXPECT_FALSE(read_back(written.disk).has_value());
}

TEST(Journal, a_newer_format_is_refused_with_both_numbers) {
  Written written({100, 200});
  const std::string path = path_in(kDir, segment_name(Position(1)));
  std::string bytes = written.disk.read(path);
  bytes[written.record_sizes[0] + 4] = 7;
  written.disk.overwrite(path, bytes);
  const auto payloads = read_back(written.disk);
  ASSERT_FALSE(payloads.has_value());
  EXPECT_NE(payloads.error().what.find("format 7"), std::string::npos) << payloads.error().what;
  EXPECT_NE(payloads.error().what.find("format 1"), std::string::npos) << payloads.error().what;
}

TEST(Journal, every_single_sector_damaged_is_detected_or_harmless) {
  // Flip a bit, zero, or replace by its neighbour, sector by sector, in every file. Either the
  // directory is refused, or all records come back as written.
  Written written(kSizes);
  std::size_t detected = 0;
  std::size_t harmless = 0;
  std::size_t lost = 0;
  for (const std::string& path : written.disk.paths()) {
    const std::string bytes = written.disk.read(path);
    for (std::size_t at = 0; at < bytes.size(); at += kSector) {
      for (int kind = 0; kind < 4; ++kind) {
        std::string damaged = bytes;
        const std::size_t length = std::min(kSector, bytes.size() - at);
        if (kind == 0) damaged[at + length / 3] ^= 0x10;
        if (kind == 1) damaged[at] ^= 1;
        if (kind == 2) damaged.replace(at, length, length, '\0');
        if (kind == 3)
          damaged.replace(at, length, bytes.substr(at >= kSector ? at - kSector : at, length));
        auto disk = written.disk.copy();
        disk->overwrite(path, damaged);
        const auto payloads = read_back(*disk);
        if (!payloads) {
          ++detected;
        } else if (*payloads == written.payloads) {
          ++harmless;
        } else {
          ++lost;
          ADD_FAILURE() << path << " at " << at << ", kind " << kind << ": unnoticed";
        }
      }
    }
  }
  std::printf("single-sector faults: %zu detected, %zu harmless, %zu unnoticed\n", detected,
              harmless, lost);
  EXPECT_GT(detected, 50U);
}

TEST(Journal, an_incomplete_last_commit_is_cut_off_before_anything_is_appended_behind_it) {
  Written written({100, 2000}, false);
  const std::string path = path_in(kDir, segment_name(Position(1)));
  std::string bytes = written.disk.read(path);
  const std::size_t begin = written.record_sizes[0];
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), kSector, '\0');  // header lost
  written.disk.overwrite(path, bytes);
  const auto recovered = recover(written.disk, kDir, {.fold = false});
  ASSERT_TRUE(recovered.has_value());
  ASSERT_TRUE(repair_tail(written.disk, kDir, *recovered).has_value());
  Journal::Start start;
  start.segment = recovered->segments.at(recovered->end.segment).name;
  start.offset = recovered->end.offset;
  auto journal = Journal::open(written.disk, kDir, small_files(), start);
  std::string record(kRecordHeaderBytes, '\0');
  record += "after";
  const ChainPoint next = seal(record, recovered->last, 2, Instant());
  ASSERT_TRUE((*journal)->append(record, next.position, true).has_value());
  const auto payloads = read_back(written.disk);
  ASSERT_TRUE(payloads.has_value());
  EXPECT_EQ(payloads->back(), "after");
}

TEST(Mark, survives_the_loss_of_either_slot) {
  MemoryDisk disk;
  auto mark = MarkFile::create(disk, "mark", Instant());
  ChainPoint point;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    point.position = Position(i);
    ASSERT_TRUE(mark->write(point, Instant(), false, true).has_value());
  }
  const std::string bytes = disk.read("mark");
  EXPECT_EQ(MarkFile::parse(bytes).mark->position, Position(3));
  for (const std::size_t slot : {std::size_t{0}, std::size_t{4096}}) {
    std::string damaged = bytes;
    damaged[slot + 20] ^= 4;
    const auto found = MarkFile::parse(damaged);
    EXPECT_EQ(found.broken_slots, 1);
    EXPECT_GE(found.mark->position, Position(2));
  }
}

}  // namespace
}  // namespace dibs::engine

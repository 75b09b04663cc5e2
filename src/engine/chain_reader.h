#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/disk.h"
#include "engine/layout.h"
#include "engine/record.h"

namespace dibs::engine {

/// A place in the journal.
struct JournalPlace {
  std::size_t segment = 0;  ///< index into the list of segments
  std::uint64_t offset = 0;
};

/// One good record. `payload` stays valid until the next call of the reader.
struct Record {
  RecordHead head{};
  std::string_view payload{};
  JournalPlace place{};
  Position segment{};  ///< names the segment of `place`

  [[nodiscard]] ChainPoint point() const {
    return {.position = head.position, .hash = head.own, .epoch = head.epoch, .time = head.time};
  }
};

/// Where to begin to read, as an earlier reading of the same journal gave it: the record after
/// `before` is at `offset` of a segment or, when that one ends there, the first of the next.
struct JournalStart {
  Position segment{1};  ///< names the segment
  std::uint64_t offset = 0;
  ChainPoint before{};
};

/// Why the chain ends where it does.
struct ChainEnd {
  enum class Why {
    clean,         ///< nothing was written after the last record
    damaged,       ///< bytes that are not the next record
    newer_format,  ///< a record of a later program
  };
  Why why = Why::clean;
  JournalPlace place;        ///< where the next record would begin
  std::uint16_t format = 0;  ///< when newer_format
  std::string words;         ///< when damaged: what is wrong there
};

/// Reads the records of a journal in order, checking each one's place in the chain: position,
/// hash of the one before, own hash. Reads nothing past the first record that does not fit.
/// Not thread-safe; may run beside the process that appends.
class ChainReader {
 public:
  /// Begins at `from` in the first of `segments`, which must all be there and in order.
  /// `window_bytes`: read at once; large for who reads the whole journal, small for who reads its
  /// end again and again.
  ChainReader(Disk& disk, std::string dir, std::vector<NumberedFile> segments,
              const JournalStart& from, std::size_t window_bytes = std::size_t{4} << 20U);

  /// The next record, or nothing at the end of the chain: end() then says why.
  [[nodiscard]] DiskResult<std::optional<Record>> next();

  /// After next() gave nothing.
  [[nodiscard]] const ChainEnd& end() const { return end_; }
  /// Looks at the end again, where another process may have finished writing since.
  void look_again();

  /// After next() gave nothing: the first good record that lies behind the end, anywhere. A commit
  /// is begun only when the one before is durable, so its presence proves that a record which was
  /// durable has gone bad: damage, not a torn last commit.
  struct Later {
    JournalPlace place{};
    Position position{};
  };
  [[nodiscard]] DiskResult<std::optional<Later>> later_record();

  [[nodiscard]] const ChainPoint& last() const { return last_; }
  /// Where one that is to read what follows last() begins.
  [[nodiscard]] JournalStart next_start() const {
    return {
        .segment = segments_[place_.segment].position, .offset = place_.offset, .before = last_};
  }
  [[nodiscard]] const std::vector<NumberedFile>& segments() const { return segments_; }
  /// Bytes of all records read so far, as they lie on disk.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] DiskResult<bool> load_segment(std::size_t index);
  /// At least `wanted` bytes from `offset` of the open segment, fewer only at its end.
  [[nodiscard]] DiskResult<std::string_view> window(std::uint64_t offset, std::size_t wanted);
  [[nodiscard]] DiskResult<std::optional<Record>> read_here();
  [[nodiscard]] bool next_segment_follows() const;

  Disk& disk_;
  std::string dir_;
  std::vector<NumberedFile> segments_;
  ChainPoint last_;
  JournalPlace place_;
  ChainEnd end_;
  std::uint64_t bytes_ = 0;

  std::size_t window_bytes_;
  std::unique_ptr<File> file_;
  std::size_t open_segment_ = SIZE_MAX;
  std::unique_ptr<char[]> buffer_;  ///< not a string: filling it with zeros first would cost
  std::size_t buffer_capacity_ = 0;
  std::size_t buffer_size_ = 0;
  std::uint64_t buffer_at_ = 0;
};

}  // namespace dibs::engine

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "engine/disk.h"
#include "engine/record.h"

namespace dibs::engine {

/// The format this program writes, and the only one it reads.
inline constexpr std::uint64_t kMarkFormat = 1;

/// How far the journal is known to be durable, and when the process was last alive. It lets
/// recovery tell "the last commit was torn" from "records that were answered are gone".
struct Mark {
  std::uint64_t generation = 0;  ///< counts the writes; the higher of two valid slots is the mark
  Position position{};           ///< this record was durable when the mark was written
  Hash hash{};
  Instant alive_at{};
  bool clean_end = false;  ///< the process ended in order, at `position`
};

/// `journal.mark`: two slots written in turn, so that a torn write leaves the other.
/// Not thread-safe.
class MarkFile {
 public:
  /// Creates the file with a mark at position 0, durably (the caller syncs the directory).
  [[nodiscard]] static DiskResult<MarkFile> create(Disk& disk, const std::string& path,
                                                   Instant now);
  [[nodiscard]] static DiskResult<MarkFile> open(Disk& disk, const std::string& path);

  /// Writes the next generation into the older slot. `sync`: durable on return.
  [[nodiscard]] DiskResult<void> write(const ChainPoint& end, Instant now, bool clean_end,
                                       bool sync);

  [[nodiscard]] const Mark& last() const { return last_; }

  /// What a read of the file found.
  struct Found {
    std::optional<Mark> mark;  ///< nothing: no slot is valid
    int broken_slots = 0;
    /// No slot is valid, and one says it is of this format: a later program's file.
    std::optional<std::uint64_t> newer_format;
  };
  /// The newest valid slot in the bytes of a mark file.
  [[nodiscard]] static Found parse(std::string_view bytes);

 private:
  MarkFile(std::unique_ptr<File> file, Mark last) : file_(std::move(file)), last_(last) {}

  std::unique_ptr<File> file_;
  Mark last_;
};

}  // namespace dibs::engine

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "engine/disk.h"
#include "engine/journal_options.h"
#include "engine/record.h"

namespace dibs::engine {

/// The journal's writing end. Appends records that are sealed already, segment after segment.
///
/// append() is for one thread; write_zeros() and regain_space() for one other; the rest for any.
class Journal {
 public:
  /// Where the journal ends on disk, as recovery found it.
  struct Start {
    std::string segment{};     ///< empty: there is none yet
    std::uint64_t offset = 0;  ///< the next record goes here; zeros follow
    Position next{};           ///< names the first segment when there is none
  };
  [[nodiscard]] static DiskResult<std::unique_ptr<Journal>> open(Disk& disk, std::string dir,
                                                                 JournalOptions options,
                                                                 const Start& start);

  /// Writes `record`, which begins at `position`; with `sync` it is durable on return. After a
  /// failure nothing is known about it and nothing more may be appended.
  [[nodiscard]] DiskResult<void> append(std::string_view record, Position position, bool sync);

  /// Reserves the space that the next commits will need. Called between commits. On a full disk
  /// the ballast goes first; then disk_full() is true and only what must be logged should be.
  [[nodiscard]] DiskResult<void> reserve();

  /// The disk is full: new orders must wait, the reserve is for the rest.
  [[nodiscard]] bool disk_full() const { return disk_full_.load(std::memory_order_relaxed); }

  /// Writes the next zeros ahead, a bounded piece at a time; false when far enough ahead.
  [[nodiscard]] DiskResult<bool> write_zeros();
  /// While the disk is full: tries to have reserve and ballast again.
  void regain_space();

  [[nodiscard]] std::uint64_t bytes_appended() const {
    return bytes_appended_.load(std::memory_order_relaxed);
  }

 private:
  Journal(Disk& disk, std::string dir, JournalOptions options);
  [[nodiscard]] DiskResult<void> begin_segment(Position first);
  [[nodiscard]] DiskResult<void> open_segment(const std::string& path, std::uint64_t offset);
  [[nodiscard]] DiskResult<void> reserve_upto(std::uint64_t end);
  [[nodiscard]] DiskResult<void> prepare_next_segment();
  // As the disk's own calls, and once more without the ballast where the disk is full.
  [[nodiscard]] DiskResult<std::unique_ptr<File>> create(const std::string& path);
  [[nodiscard]] DiskResult<void> allocate(File& file, std::uint64_t offset, std::uint64_t length);
  [[nodiscard]] DiskResult<void> lay_ballast();
  [[nodiscard]] DiskResult<void> lay_first_ballast();
  [[nodiscard]] bool give_up_ballast();

  Disk& disk_;
  const std::string dir_;
  const JournalOptions options_;

  // The appending thread's.
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t reserved_end_ = 0;
  bool next_is_ready_ = false;  ///< the next segment is reserved ahead, not yet named by a position

  std::atomic<std::uint64_t> bytes_appended_{0};

  /// Guards the ballast: it is laid exactly while the disk is not full.
  std::mutex ballast_mutex_;
  std::atomic<bool> disk_full_{false};

  /// Held while zeros are written and while a record goes beyond them, so that zeros never fall on
  /// a record. Taken after no other lock.
  std::mutex zeros_mutex_;
  /// The same segment, opened a second time for the thread of the zeros. The system tells each
  /// opening of a file once that a sync has failed: through one opening, the sync of the zeros
  /// could hear of the lost record, and the sync of the record would then call it durable.
  std::unique_ptr<File> zeros_file_;
  std::atomic<std::uint64_t> zeros_end_{0};
  std::atomic<std::uint64_t> zeros_wanted_end_{0};
};

}  // namespace dibs::engine

#include "engine/journal.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "engine/layout.h"

namespace dibs::engine {
namespace {

// One piece of zeros: small, since a commit's sync may have to carry it along.
constexpr std::uint64_t kZerosPiece = std::uint64_t{256} << 10U;

}  // namespace

Journal::Journal(Disk& disk, std::string dir, JournalOptions options)
    : disk_(disk), dir_(std::move(dir)), options_(options) {}

DiskResult<std::unique_ptr<Journal>> Journal::open(Disk& disk, std::string dir,
                                                   JournalOptions options, const Start& start) {
  std::unique_ptr<Journal> journal(new Journal(disk, std::move(dir), options));
  // First, so that a disk that has no room left for a segment has the ballast to give.
  auto ready = journal->lay_first_ballast();
  if (ready && start.segment.empty()) {
    ready = journal->begin_segment(start.next);
  } else if (ready) {
    ready = journal->open_segment(path_in(journal->dir_, start.segment), start.offset);
    if (ready) ready = journal->reserve();
  }
  if (!ready) return std::unexpected(ready.error());
  return journal;
}

DiskResult<void> Journal::append(std::string_view record, Position position, bool sync) {
  DIBS_ASSERT(record.size() % kSector == 0);
  if (offset_ > 0 && offset_ + record.size() > options_.segment_bytes) {
    if (auto begun = begin_segment(position); !begun) return begun;
  }
  const std::uint64_t end = offset_ + record.size();
  if (end > reserved_end_) {
    if (auto reserved = reserve_upto(end); !reserved) return reserved;
  }
  // Zeros that lie ahead are never written again; where they do not reach, they must not come.
  if (end > zeros_end_) {
    const std::scoped_lock lock(zeros_mutex_);
    zeros_end_ = std::max(zeros_end_.load(), end);
  }
  if (auto written = write_all(*file_, offset_, record); !written) return written;
  if (sync) {
    if (auto synced = file_->sync(); !synced) return synced;
  }
  offset_ = end;
  zeros_wanted_end_ = std::min(reserved_end_, offset_ + options_.zeros_ahead_bytes);
  bytes_appended_.fetch_add(record.size(), std::memory_order_relaxed);
  return {};
}

DiskResult<void> Journal::begin_segment(Position first) {
  const std::string path = path_in(dir_, segment_name(first));
  const bool reserved = std::exchange(next_is_ready_, false);
  if (reserved) {
    if (auto renamed = disk_.rename(next_segment_path(dir_), path); !renamed) return renamed;
  } else if (auto created = create(path); !created) {
    return std::unexpected(created.error());
  }
  if (auto opened = open_segment(path, 0); !opened) return opened;
  if (reserved) reserved_end_ = options_.reserve_bytes;
  if (auto ahead = reserve(); !ahead) return ahead;
  // The file and its name must be durable before a record in it can be.
  if (auto synced = file_->sync(); !synced) return synced;
  return disk_.sync_directory(dir_);
}

DiskResult<void> Journal::open_segment(const std::string& path, std::uint64_t offset) {
  auto file = disk_.open(path, Disk::Mode::write);
  if (!file) return std::unexpected(file.error());
  auto zeros_file = disk_.open(path, Disk::Mode::write);
  if (!zeros_file) return std::unexpected(zeros_file.error());
  const std::scoped_lock lock(zeros_mutex_);
  file_ = std::move(*file);
  zeros_file_ = std::move(*zeros_file);
  offset_ = offset;
  reserved_end_ = offset;
  zeros_end_ = offset;
  zeros_wanted_end_ = 0;
  return {};
}

DiskResult<void> Journal::reserve() {
  const std::uint64_t segment_end = std::max(options_.segment_bytes, offset_);
  const std::uint64_t wanted = std::min(offset_ + options_.reserve_bytes, segment_end);
  if (reserved_end_ < std::min(offset_ + options_.reserve_bytes / 2, wanted)) {
    if (auto reserved = reserve_upto(wanted); !reserved) return reserved;
  }
  if (!next_is_ready_ && offset_ + options_.reserve_bytes / 2 > segment_end) {
    return prepare_next_segment();
  }
  return {};
}

DiskResult<void> Journal::reserve_upto(std::uint64_t end) {
  auto done = allocate(*file_, reserved_end_, end - reserved_end_);
  // Nothing is reserved and there is no room for the usual much: then what there is.
  while (!done && done.error().is_full() && reserved_end_ <= offset_ &&
         end - reserved_end_ > kSector) {
    end = reserved_end_ + (end - reserved_end_) / 2 / kSector * kSector;
    done = file_->allocate(reserved_end_, end - reserved_end_);
  }
  if (!done) {
    // Without the space ahead there is still what was reserved before. The append that outgrows
    // it fails, and only that one.
    if (done.error().is_full() && reserved_end_ > offset_) return {};
    return done;
  }
  reserved_end_ = end;
  zeros_wanted_end_ = std::min(end, offset_ + options_.zeros_ahead_bytes);
  return {};
}

DiskResult<void> Journal::prepare_next_segment() {
  const std::string path = next_segment_path(dir_);
  auto file = create(path);
  if (!file) return file.error().is_full() ? DiskResult<void>() : std::unexpected(file.error());
  if (auto done = allocate(**file, 0, options_.reserve_bytes); !done) {
    if (!done.error().is_full()) return done;
    file->reset();
    return disk_.remove(path);
  }
  next_is_ready_ = true;
  return {};
}

DiskResult<std::unique_ptr<File>> Journal::create(const std::string& path) {
  auto file = disk_.open(path, Disk::Mode::create);
  if (file || !file.error().is_full()) return file;
  return give_up_ballast() ? disk_.open(path, Disk::Mode::create) : std::move(file);
}

DiskResult<void> Journal::allocate(File& file, std::uint64_t offset, std::uint64_t length) {
  auto done = file.allocate(offset, length);
  if (done || !done.error().is_full()) return done;
  return give_up_ballast() ? file.allocate(offset, length) : done;
}

DiskResult<bool> Journal::write_zeros() {
  const std::scoped_lock lock(zeros_mutex_);
  const std::uint64_t from = zeros_end_;
  const std::uint64_t wanted = zeros_wanted_end_;
  if (!zeros_file_ || from >= wanted) return false;
  const std::uint64_t piece = std::min(kZerosPiece, wanted - from);
  static const std::string zeros(kZerosPiece, '\0');
  if (auto done = write_all(*zeros_file_, from, std::string_view(zeros).substr(0, piece)); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = zeros_file_->sync(); !done) return std::unexpected(done.error());
  zeros_end_ = from + piece;
  return true;
}

DiskResult<void> Journal::lay_ballast() {
  const std::string path = ballast_path(dir_);
  auto file = disk_.open(path, Disk::Mode::write);
  if (!file) file = disk_.open(path, Disk::Mode::create);
  if (!file) return std::unexpected(file.error());
  auto done = (*file)->allocate(0, options_.ballast_bytes);
  if (!done) {
    // Some of it may have been allocated, and would be missing where it is needed.
    file->reset();
    remove_if_there(disk_, path);
  }
  return done;
}

DiskResult<void> Journal::lay_first_ballast() {
  const std::scoped_lock lock(ballast_mutex_);
  auto laid = lay_ballast();
  if (!laid && !laid.error().is_full()) return laid;
  disk_full_ = !laid;
  return {};
}

bool Journal::give_up_ballast() {
  const std::scoped_lock lock(ballast_mutex_);
  if (disk_full_.exchange(true)) return false;
  return disk_.remove(ballast_path(dir_)).has_value();
}

void Journal::regain_space() {
  if (!disk_full_) return;
  const std::scoped_lock lock(ballast_mutex_);
  // Space for the ballast is the sign that somebody has made room.
  if (lay_ballast()) disk_full_ = false;
}

}  // namespace dibs::engine

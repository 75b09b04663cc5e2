#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/disk.h"

/// Planted bugs: habits that an engine must not have, put between it and its disk. The checkers of
/// the fault tests must find each.
namespace dibs::engine {

enum class Habit {
  none,
  retries_sync,              ///< a sync that failed is tried again, and the second try is believed
  forgets_directory_sync,    ///< names are never synced
  marks_before_it_is_synced  ///< the mark is durable, the records that it names are not
};

/// Hands every call on, except for its habit.
class WorseDisk final : public Disk {
 public:
  WorseDisk(Disk& disk, Habit habit) : disk_(disk), habit_(habit) {}

  DiskResult<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  DiskResult<std::vector<std::string>> list(const std::string& directory) override {
    return disk_.list(directory);
  }
  DiskResult<void> rename(const std::string& from, const std::string& to) override {
    return disk_.rename(from, to);
  }
  DiskResult<void> remove(const std::string& path) override { return disk_.remove(path); }
  DiskResult<void> sync_directory(const std::string& directory) override {
    if (habit_ == Habit::forgets_directory_sync) return {};
    return disk_.sync_directory(directory);
  }
  DiskResult<void> make_directory(const std::string& directory) override {
    return disk_.make_directory(directory);
  }
  DiskResult<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override {
    return disk_.lock(path);
  }

 private:
  Disk& disk_;
  const Habit habit_;
};

}  // namespace dibs::engine

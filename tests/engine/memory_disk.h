#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/disk.h"

namespace dibs::engine {

/// A disk in memory that knows which bytes a power cut would leave, and that fails when told to.
/// One flat directory tree: paths are names. Thread-safe.
class MemoryDisk final : public Disk {
 public:
  DiskResult<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  DiskResult<std::vector<std::string>> list(const std::string& directory) override;
  DiskResult<void> rename(const std::string& from, const std::string& to) override;
  DiskResult<void> remove(const std::string& path) override;
  DiskResult<void> sync_directory(const std::string& directory) override;
  DiskResult<void> make_directory(const std::string& directory) override;
  DiskResult<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;

  /// What is left when the power fails now: synced bytes, and each unsynced 512-byte sector with
  /// probability `survives` (0: none).
  [[nodiscard]] std::unique_ptr<MemoryDisk> after_power_cut(double survives, std::mt19937& random);
  /// The same bytes on a disk of its own.
  [[nodiscard]] std::unique_ptr<MemoryDisk> copy();

  /// Called before every call that changes the disk, with its name and path; a number other than
  /// 0 is the error it fails with.
  void set_fault(std::function<int(const std::string& call, const std::string& path)> fault);

  /// Bytes of a file, for tests that damage them.
  [[nodiscard]] std::string read(const std::string& path);
  void overwrite(const std::string& path, std::string bytes);
  void erase(const std::string& path);
  [[nodiscard]] std::vector<std::string> paths();

 private:
  struct Content {
    std::string now;
    std::string synced;
    std::set<std::uint64_t> dirty_sectors;
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;
  class MemoryFile;
  class MemoryLock;
  [[nodiscard]] DiskResult<void> check(const std::string& call, const std::string& path);

  std::recursive_mutex mutex_;
  Names names_;
  Names synced_names_;
  bool locked_ = false;
  std::function<int(const std::string&, const std::string&)> fault_;
};

}  // namespace dibs::engine

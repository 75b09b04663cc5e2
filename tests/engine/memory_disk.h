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
///
/// What it takes from Linux, since the engine must stand it: a sync that fails marks its pages
/// clean. They read back as written, no later sync writes them again, and each file that was open
/// then hears of the error once.
class MemoryDisk final : public Disk {
 public:
  DiskResult<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  DiskResult<std::vector<std::string>> list(const std::string& directory) override;
  DiskResult<void> rename(const std::string& from, const std::string& to) override;
  DiskResult<void> remove(const std::string& path) override;
  DiskResult<void> sync_directory(const std::string& directory) override;
  DiskResult<void> make_directory(const std::string& directory) override;
  DiskResult<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;

  /// The moment of a power cut. Every sector that was written and not synced, and every creation,
  /// renaming and removal that was not synced, is an *open end*: it survives or it does not.
  class PowerCut {
   public:
    [[nodiscard]] std::size_t open_ends() const { return open_ends_; }
    /// The disk on which open end `i` survived where `survives(i)` says so; asked in order.
    [[nodiscard]] std::unique_ptr<MemoryDisk> left(
        const std::function<bool(std::size_t)>& survives) const;

   private:
    friend class MemoryDisk;
    std::unique_ptr<MemoryDisk> disk_;
    std::size_t open_ends_ = 0;
  };
  [[nodiscard]] PowerCut cut_power();
  /// What is left when the power fails now and each open end survives with probability `survives`.
  [[nodiscard]] std::unique_ptr<MemoryDisk> after_power_cut(double survives, std::mt19937& random);
  /// What is left when the process dies now: everything. All of it is durable on the copy.
  [[nodiscard]] std::unique_ptr<MemoryDisk> copy();

  /// Called before every call, with its name and path. 0: it goes on; a positive number is the
  /// error it fails with; the two below. The disk is locked meanwhile.
  using Fault = std::function<int(const std::string& call, const std::string& path)>;
  /// Half of the bytes are written, and the call says so.
  static constexpr int kShortWrite = -1;
  /// The sync fails with EIO when every second sector has become durable.
  static constexpr int kHalfSync = -2;
  void set_fault(Fault fault);
  /// Files may not grow beyond so many bytes together; more is ENOSPC.
  void set_capacity(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t bytes_used();

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
    std::uint64_t failed_syncs = 0;

    void make_durable(std::uint64_t sector);
  };
  using ContentPtr = std::shared_ptr<Content>;
  using Names = std::map<std::string, ContentPtr>;
  /// A change of names, durable as a whole or not at all.
  struct NameChange {
    std::string gone;  ///< empty: none
    std::string set;   ///< empty: none
    ContentPtr content;

    void apply(Names& names) const;
  };
  class MemoryFile;
  class MemoryLock;
  [[nodiscard]] int fault_of(const std::string& call, const std::string& path);
  [[nodiscard]] DiskResult<void> check(const std::string& call, const std::string& path);
  void change(const NameChange& change);
  [[nodiscard]] bool room_for(std::uint64_t more);
  /// The same files, names and open ends on a disk of its own.
  [[nodiscard]] std::unique_ptr<MemoryDisk> twin();

  std::recursive_mutex mutex_;
  Names names_;
  Names synced_names_;
  std::vector<NameChange> unsynced_names_;
  bool locked_ = false;
  std::uint64_t capacity_ = UINT64_MAX;
  Fault fault_;
};

}  // namespace dibs::engine

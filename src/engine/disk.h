#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The seam to the disk. Production is PosixDisk; tests put faults, power cuts and a simulated
/// disk behind the same calls, so everything above it is the code that sells.
namespace dibs::engine {

/// A disk call that failed: the system's error number, the call and the path it was made for.
struct DiskError {
  int number = 0;
  std::string call;
  std::string path;

  /// No space left, or over quota: the one error that is expected and survived.
  [[nodiscard]] bool is_full() const;
};

template <class T>
using DiskResult = std::expected<T, DiskError>;

/// "write of /data/journal-1.log failed: Input/output error".
[[nodiscard]] std::string to_text(const DiskError& error);
/// The error as a fault for a person, with `remedy` as what to do about it; when the disk is full,
/// that is to make room.
[[nodiscard]] std::unexpected<Fault> disk_fault(const DiskError& error, std::string remedy);

/// An open file. One thread at a time, except that reads and writes of disjoint ranges may run
/// beside each other. Closing it syncs nothing.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  /// Writes at most all of `bytes`; gives how many. Nothing is durable before sync().
  [[nodiscard]] virtual DiskResult<std::size_t> write_at(std::uint64_t offset,
                                                         std::string_view bytes) = 0;
  /// Reads at most all of `into`; 0 only at the end of the file.
  [[nodiscard]] virtual DiskResult<std::size_t> read_at(std::uint64_t offset,
                                                        std::span<char> into) = 0;
  /// On return everything written is durable. After a failure nobody knows what is, and a second
  /// try would lie (the system has marked the pages clean): the caller must stop.
  [[nodiscard]] virtual DiskResult<void> sync() = 0;
  /// Reserves space: later writes in the range do not fail for want of it. What lay beyond the
  /// end of the file reads as zeros.
  [[nodiscard]] virtual DiskResult<void> allocate(std::uint64_t offset, std::uint64_t length) = 0;
  [[nodiscard]] virtual DiskResult<std::uint64_t> size() = 0;
};

/// Held as long as the object lives; the system gives it back when the process dies.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  virtual ~DirectoryLock() = default;
};

/// Files and directories. Any thread may call.
class Disk {
 public:
  enum class Mode {
    read,    ///< must exist
    write,   ///< must exist; read and write
    create,  ///< must not exist; read and write
  };

  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  [[nodiscard]] virtual DiskResult<std::unique_ptr<File>> open(const std::string& path,
                                                               Mode mode) = 0;
  /// Names in `directory`, sorted.
  [[nodiscard]] virtual DiskResult<std::vector<std::string>> list(const std::string& directory) = 0;
  [[nodiscard]] virtual DiskResult<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual DiskResult<void> remove(const std::string& path) = 0;
  /// Makes creations, renames and removals in `directory` durable.
  [[nodiscard]] virtual DiskResult<void> sync_directory(const std::string& directory) = 0;
  /// Creates `directory` and what is missing above it, durably; one that exists is fine.
  [[nodiscard]] virtual DiskResult<void> make_directory(const std::string& directory) = 0;
  /// Locks the directory of the file `path`, and the file (created if missing), against every other
  /// caller, and writes this process's id into the file. EAGAIN when another holds either.
  [[nodiscard]] virtual DiskResult<std::unique_ptr<DirectoryLock>> lock(
      const std::string& path) = 0;
};

/// The system's own files.
[[nodiscard]] Disk& posix_disk();

/// Writes all of `bytes`, going on after short writes.
[[nodiscard]] DiskResult<void> write_all(File& file, std::uint64_t offset, std::string_view bytes);
/// Reads until `into` is full or the file ends; gives how many bytes came.
[[nodiscard]] DiskResult<std::size_t> read_all(File& file, std::uint64_t offset,
                                               std::span<char> into);
/// Removes a file of which it does not matter whether it was there.
void remove_if_there(Disk& disk, const std::string& path);
/// The whole of a small file.
[[nodiscard]] DiskResult<std::string> read_whole(Disk& disk, const std::string& path);

}  // namespace dibs::engine

#include "cli/doctor_disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "engine/disk.h"
#include "engine/layout.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;
using std::chrono::milliseconds;

constexpr std::size_t kCommitBytes = 4096;
constexpr std::size_t kCommits = 300;
constexpr Duration kMeasureMax = std::chrono::seconds(2);
/// A group commit holds all that came during the one before, so slow ones only lengthen answers:
/// these are where a buyer notices, and where nobody would wait.
constexpr Duration kCommitSlow = milliseconds(50);
constexpr Duration kCommitUnbearable = milliseconds(500);
/// No disk takes a flush in less; something in between says yes and keeps the bytes in memory.
constexpr Duration kCommitTooFast = std::chrono::microseconds(15);

struct FileSystem {
  std::int64_t type;
  const char* name;
  Grade grade;
  const char* reason;
};

constexpr auto kNetwork = "is a network file system: locks and syncs may not mean what they say";
constexpr auto kMemory = "is memory: nothing in it survives a restart of the machine";
constexpr auto kFileSystems = std::to_array<FileSystem>({
    {EXT4_SUPER_MAGIC, "ext4", Grade::ok, ""},
    {XFS_SUPER_MAGIC, "xfs", Grade::ok, ""},
    {F2FS_SUPER_MAGIC, "f2fs", Grade::ok, ""},
    {BTRFS_SUPER_MAGIC, "btrfs", Grade::warn, "copies on write, so each commit takes longer"},
    {0x2fc12fc1, "zfs", Grade::warn, "copies on write; check that its sync property is not off"},
    {OVERLAYFS_SUPER_MAGIC, "overlay", Grade::warn, "may be a container's layer and go with it"},
    {FUSE_SUPER_MAGIC, "fuse", Grade::warn, "is a program; only its author knows what it syncs"},
    {TMPFS_MAGIC, "tmpfs", Grade::no_go, kMemory},
    {RAMFS_MAGIC, "ramfs", Grade::no_go, kMemory},
    {NFS_SUPER_MAGIC, "nfs", Grade::no_go, kNetwork},
    {SMB_SUPER_MAGIC, "smb", Grade::no_go, kNetwork},
    {CIFS_SUPER_MAGIC, "cifs", Grade::no_go, kNetwork},
    {SMB2_SUPER_MAGIC, "smb2", Grade::no_go, kNetwork},
    {V9FS_MAGIC, "9p", Grade::no_go, kNetwork},
    {CEPH_SUPER_MAGIC, "ceph", Grade::no_go, kNetwork},
    {AFS_SUPER_MAGIC, "afs", Grade::no_go, kNetwork},
    {CODA_SUPER_MAGIC, "coda", Grade::no_go, kNetwork},
});

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMebibyte = 1U << 20U;
  constexpr std::uint64_t kGibibyte = 1U << 30U;
  return bytes < kGibibyte ? std::to_string(bytes / kMebibyte) + " MiB"
                           : std::to_string(bytes / kGibibyte) + " GiB";
}

std::string ms_text(Duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms",
                std::chrono::duration<double, std::milli>(duration).count());
  return text.data();
}

std::filesystem::path nearest_existing(const std::string& dir) {
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::absolute(dir, ignored);
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

}  // namespace

std::optional<DirectoryFacts> look_at_directory(const std::string& dir) {
  DirectoryFacts facts;
  facts.looked_at = nearest_existing(dir).string();
  std::error_code ignored;
  facts.exists = std::filesystem::exists(dir, ignored);
  struct statfs system{};
  if (::statfs(facts.looked_at.c_str(), &system) != 0) return std::nullopt;
  facts.file_system = system.f_type;
  facts.free_bytes =
      static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_bsize);
  facts.read_only = (system.f_flags & ST_RDONLY) != 0;
  facts.writable = ::access(facts.looked_at.c_str(), W_OK | X_OK) == 0;
  return facts;
}

Finding judge_directory(const std::optional<DirectoryFacts>& facts, const std::string& dir) {
  const std::string remedy = "Give --data a directory that this user may write.";
  if (!facts) return {Grade::unknown, "data: " + dir + " cannot be looked at", remedy};
  if (facts->read_only || !facts->writable) {
    return {Grade::no_go,
            "data: " + facts->looked_at + " cannot be written" +
                (facts->read_only ? ", its file system is read-only" : " by this user"),
            remedy};
  }
  return {Grade::ok, "data: " + dir + (facts->exists ? " can be written" : " can be created")};
}

Finding judge_file_system(std::int64_t file_system) {
  const auto known = std::ranges::find(kFileSystems, file_system, &FileSystem::type);
  const std::string remedy = "Put --data on a local disk with ext4 or xfs.";
  if (known == kFileSystems.end()) {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "0x%llx",
                  static_cast<unsigned long long>(file_system));
    return {Grade::warn, std::string("file system: ") + number.data() + " is not known here",
            "Make sure that what is synced there survives a power cut. " + remedy};
  }
  std::string words = std::string("file system: ") + known->name;
  if (known->grade == Grade::ok) return {Grade::ok, words};
  return {known->grade, words + " " + known->reason, remedy};
}

Finding judge_space(std::uint64_t free_bytes, std::uint64_t needed) {
  const std::string words = "space: " + bytes_text(free_bytes) + " free, the sales may write " +
                            bytes_text(needed) + " at the worst";
  const std::string remedy = "Make room. When the disk is full, new orders are refused.";
  if (free_bytes < needed) return {Grade::no_go, words, remedy};
  if (free_bytes / 2 < needed) return {Grade::warn, words, remedy};
  return {Grade::ok, words};
}

Result<std::vector<Duration>> measure_commits(const std::string& dir) {
  const std::string path = engine::path_in(dir, "doctor.tmp");
  engine::Disk& disk = engine::posix_disk();
  const auto failed = [&](const engine::DiskError& error) {
    engine::remove_if_there(disk, path);
    return engine::disk_fault(error, "Look at the disk, and at the system's log about it.");
  };
  engine::remove_if_there(disk, path);  // of a doctor that was killed
  auto file = disk.open(path, engine::Disk::Mode::create);
  if (!file) return failed(file.error());
  const std::string zeros(kCommitBytes * kCommits, '\0');
  const std::string bytes(kCommitBytes, 'x');
  // Over blocks that are written already, as the journal does it.
  if (auto done = write_all(**file, 0, zeros); !done) return failed(done.error());
  if (auto done = (*file)->sync(); !done) return failed(done.error());
  std::vector<Duration> times;
  const Duration begun = system_clock().monotonic();
  for (std::size_t i = 0; i < kCommits; ++i) {
    const Duration before = system_clock().monotonic();
    if (before - begun > kMeasureMax) break;
    if (auto done = write_all(**file, i * kCommitBytes, bytes); !done) return failed(done.error());
    if (auto done = (*file)->sync(); !done) return failed(done.error());
    times.push_back(system_clock().monotonic() - before);
  }
  engine::remove_if_there(disk, path);
  return times;
}

Finding judge_commits(std::vector<Duration> times) {
  if (times.empty()) return {Grade::unknown, "commits: none was measured", "Run it again."};
  std::ranges::sort(times);
  const Duration median = times[times.size() / 2];
  const Duration p99 = times[times.size() * 99 / 100];
  const std::string words = "commits: p50 " + ms_text(median) + ", p99 " + ms_text(p99) + " (" +
                            std::to_string(times.size()) + " of 4 KiB)";
  if (median > kCommitUnbearable) {
    return {Grade::no_go, words, "Every answer waits for that. Take another disk."};
  }
  if (p99 > kCommitSlow) {
    return {Grade::warn, words, "Answers wait for commits. See what else writes to this disk."};
  }
  if (median < kCommitTooFast) {
    return {Grade::warn, words + ": faster than a disk can flush",
            "Make sure that its cache survives a power cut, or a power cut loses orders."};
  }
  return {Grade::ok, words};
}

std::string server_on(const std::string& dir) {
  const std::string path = engine::lock_path(dir);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  struct flock range{};
  range.l_type = F_RDLCK;
  range.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_OFD_GETLK, &range) != 0 || range.l_type == F_UNLCK) return {};
  std::string pid = engine::read_whole(engine::posix_disk(), path).value_or("");
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "?" : pid;
}

}  // namespace dibs::cli

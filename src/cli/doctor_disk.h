#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/checkup.h"

/// What `dibs doctor` looks at in the data directory's file system. Looking and judging are apart.
namespace dibs::cli {

struct DirectoryFacts {
  std::string looked_at;  ///< the directory, or the nearest above it that exists
  bool exists = false;
  bool writable = false;
  bool read_only = false;      ///< the whole file system
  std::int64_t file_system{};  ///< f_type of statfs(2)
  std::uint64_t free_bytes = 0;
};
/// Changes nothing.
[[nodiscard]] std::optional<DirectoryFacts> look_at_directory(const std::string& dir);

[[nodiscard]] Finding judge_directory(const std::optional<DirectoryFacts>& facts,
                                      const std::string& dir);
/// Whether what is synced there is still there after a power cut, and locks hold.
[[nodiscard]] Finding judge_file_system(std::int64_t file_system);
/// `needed`: what the sales may write at the worst.
[[nodiscard]] Finding judge_space(std::uint64_t free_bytes, std::uint64_t needed);

/// Writes and syncs 4 KiB again and again in a file of its own in `dir`, as a commit does, and
/// removes it. Takes two seconds at the most.
[[nodiscard]] Result<std::vector<Duration>> measure_commits(const std::string& dir);
[[nodiscard]] Finding judge_commits(std::vector<Duration> times);

/// The process that serves from the directory now; empty when none does.
[[nodiscard]] std::string server_on(const std::string& dir);

}  // namespace dibs::cli

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "engine/disk.h"

/// The names in a data directory:
///     lock                              held by the process that serves; holds its id
///     journal.mark                      how far the journal is known to be durable
///     journal-00000000000000000001.log  a segment, named by its first position
///     snapshot-00000000000000004711.bin the state after that position
///     journal-next.log                  the next segment, reserved and not yet begun
///     ballast                           space given up when the disk is full
namespace dibs::engine {

/// A file named by a position.
struct NumberedFile {
  Position position;
  std::string name;

  friend bool operator==(const NumberedFile&, const NumberedFile&) = default;
};

[[nodiscard]] std::string lock_path(const std::string& dir);
[[nodiscard]] std::string mark_path(const std::string& dir);
[[nodiscard]] std::string ballast_path(const std::string& dir);
[[nodiscard]] std::string next_segment_path(const std::string& dir);
[[nodiscard]] std::string path_in(const std::string& dir, std::string_view name);

[[nodiscard]] std::string segment_name(Position first);
[[nodiscard]] std::string snapshot_name(Position position);

/// In order of position. Other files are left out.
[[nodiscard]] DiskResult<std::vector<NumberedFile>> list_segments(Disk& disk,
                                                                  const std::string& dir);
[[nodiscard]] DiskResult<std::vector<NumberedFile>> list_snapshots(Disk& disk,
                                                                   const std::string& dir);

/// What every refusal to start names: how the journal is inspected.
[[nodiscard]] std::string verify_remedy(const std::string& dir);

}  // namespace dibs::engine

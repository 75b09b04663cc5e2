#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/disk.h"
#include "engine/record.h"
#include "engine/sales.h"

namespace dibs::engine {

/// The state after the record `at`, so that recovery need not replay what came before.
/// docs/formats/journal.md, "Snapshots".
struct Snapshot {
  ChainPoint at;
  Sales sales;
};

/// Writes the snapshot beside the journal: a temporary file, synced, read back and compared, then
/// renamed. The caller syncs the directory. On failure no snapshot of that position exists.
[[nodiscard]] Result<void> write_snapshot(Disk& disk, const std::string& dir,
                                          const Snapshot& snapshot);

/// The snapshot in a file, checked against its own hash and each sale against its state hash.
/// `corrupt` when it is damaged; `bad_input`, with both numbers in its words, when it is of another
/// format or of another form of the state.
[[nodiscard]] Result<Snapshot> read_snapshot(Disk& disk, const std::string& path);

/// What reading the snapshots of a directory gave.
struct SnapshotSurvey {
  std::size_t files = 0;
  std::vector<ChainPoint> good;    ///< in order of position: the records they stand for
  std::optional<Snapshot> newest;  ///< of the good ones
  std::vector<Fault> broken;

  /// The record that a good snapshot says was durable; 0: none.
  [[nodiscard]] Position known() const { return good.empty() ? Position() : good.back().position; }
};
/// Reads every snapshot; beside a server, one that is removed meanwhile is left out.
[[nodiscard]] DiskResult<SnapshotSurvey> survey_snapshots(Disk& disk, const std::string& dir);

/// Removes all but the newest `keep` snapshots. What an interrupted write left goes when the next
/// snapshot is written.
[[nodiscard]] DiskResult<void> prune_snapshots(Disk& disk, const std::string& dir,
                                               std::size_t keep);

}  // namespace dibs::engine

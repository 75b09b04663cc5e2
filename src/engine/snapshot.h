#pragma once

#include <string>
#include <string_view>

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

/// Removes all but the newest `keep` snapshots, and what an interrupted write left.
[[nodiscard]] DiskResult<void> prune_snapshots(Disk& disk, const std::string& dir,
                                               std::size_t keep);

}  // namespace dibs::engine

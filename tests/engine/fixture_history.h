#pragma once

#include <memory>

#include "engine/memory_disk.h"

/// What the fixtures hold: short histories with every event type and every entry tag in them.
namespace dibs::engine {

inline constexpr auto kFixtureDir = "data";

/// Three sales in two epochs and a snapshot in the second, which ends in order.
[[nodiscard]] std::unique_ptr<MemoryDisk> history_with_clean_end();
/// One sale in two epochs and a snapshot between them. The second ends in a crash: the mark is
/// behind, and of the last commit only the first sector came to the disk.
[[nodiscard]] std::unique_ptr<MemoryDisk> history_with_crash();
/// A sale that was archived, with its file, and a snapshot from after that.
[[nodiscard]] std::unique_ptr<MemoryDisk> history_with_archive();

}  // namespace dibs::engine

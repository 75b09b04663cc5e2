#pragma once

#include <string>

#include "base/result.h"
#include "engine/archive.h"
#include "engine/disk.h"
#include "engine/record.h"
#include "engine/sales.h"

namespace dibs::engine {

/// The bytes of the file for `slot`, whose journal entries are `entries`.
[[nodiscard]] std::string packed_archive(const SaleSlot& slot, const ChainPoint& at,
                                         std::string_view entries);
/// Writes a temporary file beside `path`, syncs, renames, syncs the directory, and reads it back.
/// On failure the file that was at `path` before, if any, is still there.
[[nodiscard]] Result<ArchiveContent> write_archive(Disk& disk, const std::string& path,
                                                   const std::string& bytes);

}  // namespace dibs::engine

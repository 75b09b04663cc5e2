#pragma once

#include <string>
#include <string_view>

#include "engine/disk.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"

/// Data directories kept as text (tests/fixtures/README.md), so that they can be read and compared.
namespace dibs::engine {

/// The journal, mark and snapshots of `dir`; zeros are left out.
[[nodiscard]] std::string packed_fixture(MemoryDisk& disk, const std::string& dir);
/// Writes the files of a fixture into the directory `dir`, which exists and has none of them.
void unpack_fixture(std::string_view text, Disk& disk, const std::string& dir);
/// What a fixture was recovered to, for people to read and for tests to compare: the end of the
/// chain, and of every sale its figures, its state hash and its orders in order of arrival.
[[nodiscard]] std::string described(const Recovered& recovered);

}  // namespace dibs::engine

#pragma once

#include <cstddef>
#include <string>

/// What the journal is measured against, on the same disk in the same run.
namespace dibs::bench {

/// Commits a second of the least that a durable commit can be: 4 KiB written over blocks that were
/// written before, and fdatasync, one after another.
[[nodiscard]] double raw_commits_per_second(const std::string& directory, std::size_t commits);

/// Rows a second into SQLite (WAL, synchronous=FULL), one row an order, `batch` rows a transaction.
[[nodiscard]] double sqlite_rows_per_second(const std::string& directory, std::size_t rows,
                                            std::size_t batch);

}  // namespace dibs::bench

#pragma once

#include <cstdint>

namespace dibs::engine {

/// Sizes of the journal's files. The defaults suit a sale; tests take small ones.
struct JournalOptions {
  std::uint64_t segment_bytes = 64ULL * 1024 * 1024;
  /// Space is reserved this far ahead, so that a full disk shows between commits, not in one.
  std::uint64_t reserve_bytes = 8ULL * 1024 * 1024;
  /// Zeros are written this far ahead: a sync over written blocks changes no metadata and took
  /// half the time of one over merely reserved blocks (docs/decisions/0301).
  std::uint64_t zeros_ahead_bytes = 4ULL * 1024 * 1024;
  /// Given up when the disk is full, for payments, leaving and expiry: some 80,000 events.
  std::uint64_t ballast_bytes = 8ULL * 1024 * 1024;
  /// A snapshot is made when so much journal has come since the last. A start folds in no more than
  /// that (half a second), and still reads and checks all of the journal.
  std::uint64_t snapshot_bytes = 64ULL * 1024 * 1024;
};

}  // namespace dibs::engine

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/record.h"

namespace dibs::engine {

/// The last sector of a backup file, written when everything before it is. A file that does not end
/// with one was not finished or was cut. Layout: docs/formats/journal.md, "A backup".
struct BackupTrailer {
  std::uint64_t records = 0;
  Position last{};  ///< the last record's
  Hash hash{};      ///< the last record's
  /// The journal was damaged behind `last`: there is more that could not be saved.
  bool ends_at_damage = false;

  friend bool operator==(const BackupTrailer&, const BackupTrailer&) = default;
};

/// kSector bytes.
[[nodiscard]] std::string packed(const BackupTrailer& trailer);
/// Nothing when `bytes` are not exactly one whole trailer.
[[nodiscard]] std::optional<BackupTrailer> parse_trailer(std::string_view bytes);

}  // namespace dibs::engine

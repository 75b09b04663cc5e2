#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

/// One record of the journal: what one group commit makes durable. Layout and reasons:
/// docs/formats/journal.md.
namespace dibs::engine {

/// The format this program writes, and the newest it reads.
inline constexpr std::uint16_t kJournalFormat = 1;

/// Every record begins at such a boundary. A disk writes a sector whole or not at all, so a commit
/// can tear only itself, never the one before it.
inline constexpr std::size_t kSector = 512;

inline constexpr std::size_t kRecordHeaderBytes = 104;
/// A commit is closed at about 1 MiB (Batch::kPayloadFull); one command adds at most the spec of a
/// sale, 256 items of some 300 bytes, or 64 orders of a step. 16 MiB is far from both.
inline constexpr std::size_t kPayloadMax = std::size_t{16} << 20U;
static_assert(kRecordHeaderBytes < kSector);

/// SHA-256.
using Hash = std::array<std::uint8_t, 32>;

[[nodiscard]] Hash sha256(std::string_view bytes);
/// In hexadecimal, as sha256sum prints it.
[[nodiscard]] std::string hex(const Hash& hash);
/// The first eight bytes in hexadecimal, enough for a person to compare.
[[nodiscard]] std::string short_hex(const Hash& hash);

/// The end of a chain: its last record, or zeros before the first.
struct ChainPoint {
  Position position{};
  Hash hash{};
  std::uint64_t epoch = 0;
  Instant time{};

  friend bool operator==(const ChainPoint&, const ChainPoint&) = default;
};

struct RecordHead {
  std::uint32_t payload_bytes = 0;
  Position position{};
  std::uint64_t epoch = 0;
  Instant time{};
  Hash previous{};
  Hash own{};
};

/// Bytes on disk: header and payload, rounded up to whole sectors.
[[nodiscard]] constexpr std::size_t record_bytes(std::size_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kSector - 1) / kSector * kSector;
}

/// Finishes `record`, which holds kRecordHeaderBytes of anything and then the payload: fills in the
/// header, with `previous.hash` and the record's own hash over header and payload, and pads with
/// zeros to whole sectors. Gives the chain's new end.
[[nodiscard]] ChainPoint seal(std::string& record, const ChainPoint& previous, std::uint64_t epoch,
                              Instant time);

enum class HeadState {
  ok,            ///< looks like a record; its hash is not checked yet
  empty,         ///< a sector of zeros: nothing was written here
  newer_format,  ///< a record of a later program
  damaged,       ///< neither
};

/// Reads the header at the front of `sector` (at least kRecordHeaderBytes of it). `format` is the
/// format number found when the state is newer_format.
struct ParsedHead {
  HeadState state = HeadState::damaged;
  std::uint16_t format = 0;
  RecordHead head;
};
[[nodiscard]] ParsedHead parse_head(std::string_view sector);

/// Whether the own hash of `head` is that of the header and payload in `record`, which begins at
/// the header and holds at least the payload.
[[nodiscard]] bool hash_matches(const RecordHead& head, std::string_view record);

}  // namespace dibs::engine

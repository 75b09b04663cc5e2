#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "redis/link.h"
#include "sale/event.h"
#include "sale/sale.h"
#include "store/chain.h"

/// Snapshots of sales in Redis, so that a gateway can come up where events have been cut. All of a
/// sale's keys have its hash tag; docs/formats/redis.md, "Snapshots". Waits for each call; no call
/// carries more than a piece.
namespace dibs::redis {

/// The format of what lies around the state, which has a format of its own
/// (docs/formats/snapshot.md).
inline constexpr std::uint64_t kSnapshotInRedisFormat = 1;
inline constexpr std::size_t kBytesAPiece = std::size_t{64} << 10U;

/// Where in a sale's history a snapshot stands: right behind `last`.
struct SnapshotPlace {
  std::string epoch;
  sale::Event last;
  store::ChainHash previous{};  ///< the chain's hash before `last`
  store::ChainHash hash{};      ///< and behind it

  [[nodiscard]] Seq seq() const { return last.seq; }
};

struct Snapshot {
  SnapshotPlace place;
  sale::Sale state;
};

/// What `dibs:{SALE}:snapshot` says.
struct SnapshotPointer {
  SnapshotPlace place;
  std::string pieces;  ///< names the key that holds them
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string sha256;    ///< of the state's bytes
  Instant written;       ///< on the clock of whoever wrote it
  bool damaged = false;  ///< somebody could not read it
};

[[nodiscard]] std::string snapshot_key(const SaleId& sale);
[[nodiscard]] std::string pieces_key(const SaleId& sale, std::string_view pieces);
[[nodiscard]] std::string followers_key(const SaleId& sale);

/// Nothing when the sale has none. `corrupt` when it is not one; `bad_input`, with both numbers,
/// when it is of another format.
[[nodiscard]] Result<std::optional<SnapshotPointer>> read_pointer(Link& link, const SaleId& sale);

/// The sale's snapshot, whole and checked; nothing when there is none. One that is exchanged while
/// it is read is read anew. One that is damaged is `corrupt`, and marked so in Redis: a gateway
/// that runs then writes another. Ends as `unavailable` when `stop` becomes true.
[[nodiscard]] Result<std::optional<Snapshot>> read_snapshot(Link& link, const SaleId& sale,
                                                            const std::atomic<bool>& stop);

/// What is done next, for tests that end the process there.
using AtStep = std::function<void(std::string_view)>;

/// Writes the state `bytes` (Sale::save) in pieces, reads them back, and makes that the sale's
/// snapshot in one step. False: another one is as far, or the sale in Redis is not that one, and
/// this one is nowhere. When it fails, or the process ends, at any moment, the snapshot is the one
/// before or this one; pieces that are of no use go by themselves within kPiecesLiveFor.
[[nodiscard]] Result<bool> write_snapshot(Link& link, const SaleId& sale,
                                          const SnapshotPlace& place, std::string_view bytes,
                                          const std::optional<SnapshotPointer>& before,
                                          const std::atomic<bool>& stop, const AtStep& at_step);

/// Pieces that nothing points to.
inline constexpr Duration kPiecesLiveFor = std::chrono::minutes(10);

}  // namespace dibs::redis

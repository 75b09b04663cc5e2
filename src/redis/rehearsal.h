#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "redis/link.h"
#include "redis/snapshot.h"

namespace dibs::redis {

/// What a gateway that starts now would come up with.
struct Rehearsed {
  SnapshotPlace place;
  std::string bytes;  ///< Sale::save, which Sale::load has been seen to take
};

struct RehearsalOf {
  const SaleId& sale;
  const std::string& epoch;
  Seq upto;                        ///< 1 or more, and shown: the events up to there are read
  const SnapshotPointer* pointer;  ///< of the sale's snapshot; null: none
  /// The live replica, for when the snapshot cannot be read.
  const std::function<std::optional<std::pair<Seq, std::string>>(const SaleId&)>& save_live;
  const std::atomic<bool>& stop;
};

/// Comes up as a fresh gateway does, from the sale's snapshot and the events behind it, on the
/// caller's thread, and packs what that gives. So each snapshot proves the one before, and the
/// thread that sells does none of this work. Fails as `corrupt` when events are missing.
[[nodiscard]] Result<Rehearsed> rehearse(Link& link, const RehearsalOf& of);

}  // namespace dibs::redis

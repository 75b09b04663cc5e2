#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

/// What a store on Redis is told, and tells, of the cutting of events.
namespace dibs::redis {

struct TrimOptions {
  /// A sale of fewer events is left alone; of a longer one a snapshot is written each time so many
  /// have come since the last one (and more in a large sale: its snapshot takes longer). 0: nothing
  /// is ever cut.
  std::uint64_t after = 65'536;
  /// What a gateway that runs may not have read yet: it looks at every sale once a second.
  Duration keep_for = std::chrono::seconds(10);
  std::uint64_t keep_events = 1'000;
  Duration look_every = std::chrono::seconds(1);
  /// For tests: told what is done next.
  std::function<void(std::string_view)> at_step = [](std::string_view) {};
};

/// How far the events of one sale are cut.
struct TrimState {
  SaleId sale;
  Seq trimmed;               ///< the last event that is no more; 0: all are there
  Seq snapshot;              ///< the event its snapshot stands behind; 0: there is none
  std::uint64_t events = 0;  ///< still in the stream
  std::uint64_t snapshot_bytes = 0;
  std::optional<Instant> snapshot_written;
  std::string held_by;  ///< a follower's name, or margin, snapshot, caller, nobody: see trim.lua
};

}  // namespace dibs::redis

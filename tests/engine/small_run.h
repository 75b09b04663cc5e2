#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/disk.h"
#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/told.h"

namespace dibs::engine {

/// Files so small that the run below meets every kind of file and change.
[[nodiscard]] Engine::Options run_options();

/// How a run ended before its last step.
struct RunEnd {
  std::optional<Fault> refusal;  ///< a start was refused
  std::optional<Fault> failure;  ///< an engine stopped selling
};

/// Where a run takes place: `disk` is `memory`, or a disk of worse habits in front of it.
struct Place {
  MemoryDisk& memory;
  Disk& disk;
  ManualClock& clock;
  Told& told;
  int rush = 24;  ///< how many press at once
};

/// Two lives of a process in which everything happens once: a start in a new directory, buys, a
/// waiting line, payment, leaving, expiry, a restock, changes of segment, a clean end; a restart, a
/// snapshot, more of the same. The second life is left without an end. Ends early when a start is
/// refused or an engine fails. `at_the_end` is called while the last engine still lives.
RunEnd small_run(const Place& place, const Engine::Options& options,
                 const std::function<void()>& at_the_end);

/// Whether this is the long version: DIBS_FAULTS=long in the environment.
[[nodiscard]] bool long_version();

}  // namespace dibs::engine

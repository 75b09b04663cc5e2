#pragma once

namespace dibs {

/// From now on an allocation that fails ends the process with exit status 3 and one line on
/// standard error. Call it once, before the first thread. Nothing is thrown, so no thread goes on
/// with half of a step done; what was answered is durable, and what was not may or may not have
/// happened, as after a kill. docs/decisions/0305.
void end_when_memory_runs_out() noexcept;

}  // namespace dibs

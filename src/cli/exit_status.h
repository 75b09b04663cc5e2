#pragma once

#include "base/result.h"

namespace dibs::cli {

/// What the process says when it ends; the same for every subcommand.
enum ExitStatus : int {
  kHeld = 0,         ///< all promises held
  kBroken = 1,       ///< a promise was broken: oversold, overtaken, lost, damaged
  kUsage = 2,        ///< a flag, setting or file given is wrong
  kUnreachable = 3,  ///< a part could not be reached, opened or started
};

/// What a fault that ends a command makes of it.
[[nodiscard]] constexpr ExitStatus status_of(FaultKind kind) {
  if (kind == FaultKind::corrupt) return kBroken;
  return kind == FaultKind::bad_input ? kUsage : kUnreachable;
}

}  // namespace dibs::cli

#pragma once

namespace dibs::cli {

/// What the process says when it ends; the same for every subcommand.
enum ExitStatus : int {
  kHeld = 0,         ///< all promises held
  kBroken = 1,       ///< a promise was broken: oversold, overtaken, lost, damaged
  kUsage = 2,        ///< a flag, setting or file given is wrong
  kUnreachable = 3,  ///< a part could not be reached, opened or started
};

}  // namespace dibs::cli

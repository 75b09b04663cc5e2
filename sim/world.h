#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/books.h"
#include "sim/people.h"
#include "sim/server.h"

namespace dibs::sim {

/// One simulation: everything that follows from its seed.
struct Settings {
  std::uint64_t seed = 1;
  /// How many of the troubles that the seed has in store come; fewer, and the rest of the history
  /// stays what it was, which is how a failure is made small.
  std::uint64_t troubles = UINT64_MAX;
  People::Options people{};
  Server::Plant plant{};
};

struct Verdict {
  std::vector<std::string> broken;  ///< promises, in words; empty: all were kept
  std::uint64_t history = 0;        ///< equal for equal histories, byte for byte
  std::uint64_t commands = 0;
  std::uint64_t events = 0;
  std::uint64_t looks = 0;       ///< the store's own account compared with the law's
  std::uint64_t starts = 0;      ///< of server processes
  std::uint64_t applied = 0;     ///< events written into the ledger
  std::uint64_t duplicates = 0;  ///< that came to it again
  std::uint64_t payments = 0;    ///< attempts that the bank has decided
  std::uint64_t refused = 0;     ///< damaged data directories that a start has refused
  std::uint64_t troubles = 0;    ///< deaths, power cuts, bad disks, clocks that are set
};

/// Lives through it, in one thread. First trouble and selling; then nothing fails any more, and
/// everything must come to an end: each call answered, each hold over, no free unit idle.
[[nodiscard]] Verdict simulate(const Settings& settings);

/// The fewest troubles with which it still fails: of a failure, what to look at.
[[nodiscard]] Settings shrink(Settings failing);

}  // namespace dibs::sim

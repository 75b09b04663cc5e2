#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "engine/chain_reader.h"
#include "engine/committer.h"
#include "engine/disk.h"
#include "engine/failure.h"
#include "engine/journal.h"
#include "store/bell.h"

namespace dibs::engine {

/// Makes snapshots off the buyers' path, by rehearsing the recovery they are for: it reads the
/// last snapshot and the journal behind it as a start would, and writes the state they give. The
/// journal before that snapshot is not read again: each record is read once for all snapshots. A
/// thread of its own; for the time of a snapshot the sales are in memory twice.
class Snapshotter {
 public:
  struct Parts {
    Disk& disk;
    std::string dir;
    const Journal& journal;
    const Committer& committer;
    Failure& failure;
    std::function<void(const std::string&)> warn;
    std::uint64_t every_bytes = 0;
    std::uint64_t bytes_before = 0;            ///< of journal since the last snapshot, when started
    std::optional<JournalStart> after_last{};  ///< what follows the last snapshot, when started
  };

  explicit Snapshotter(Parts parts) : parts_(std::move(parts)) {}
  ~Snapshotter() { stop(); }

  void start();
  void stop();
  /// Takes a snapshot when one is due. Without a thread of its own, on the caller's.
  void work();

 private:
  void run();
  void take();

  Parts parts_;
  std::uint64_t covered_ = 0;  ///< bytes of journal that the last snapshot stands for
  std::atomic<bool> stopping_{false};
  store::Bell bell_;
  std::thread thread_;
};

}  // namespace dibs::engine

#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "engine/committer.h"
#include "engine/failure.h"
#include "engine/journal.h"
#include "engine/mark.h"
#include "store/bell.h"

namespace dibs::engine {

/// Housekeeping off the buyers' path: the mark and sign of life every second, zeros ahead of the
/// journal, and space regained after the disk was full. A thread of its own.
class Keeper {
 public:
  struct Parts {
    Journal& journal;
    Committer& committer;
    Failure& failure;
    const Clock& clock;
    MarkFile mark;
  };

  explicit Keeper(Parts parts) : parts_(std::move(parts)) {}
  ~Keeper() { stop(); }

  void start();
  void stop();
  /// What is to be kept now. Without a thread of its own, on the caller's.
  void work();
  /// After stop() and the clean end's commit.
  void write_clean_end();

 private:
  void run();
  void keep_mark();
  void keep_zeros();

  Parts parts_;
  Duration marked_at_{Duration::min()};  ///< monotonic
  Duration synced_at_{Duration::min()};  ///< monotonic
  Position synced_position_;
  std::atomic<bool> stopping_{false};
  store::Bell bell_;
  std::thread thread_;
};

}  // namespace dibs::engine

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "base/stamp.h"
#include "base/time.h"
#include "store/ingress.h"
#include "store/ordered.h"

namespace dibs::store {

/// Puts what the loops have read into one order, by kernel receive time.
///
///     loop 0   a3 a5 a9 ──── watermark 9 ┐
///     loop 1   b4 b7 ─────── watermark 7 ┴─> a3 b4 a5 b7   (a9 waits until loop 1 passes 9)
///
/// A request is released when every loop has read past its stamp: nothing earlier can come then.
/// A loop that holds others up is woken and asked. One whose watermark then stands still for
/// `late_after` is given up until it moves again: what the others bring is numbered without it, and
/// what it brings afterwards may be late. So a loop that hangs costs one such wait, not one a
/// request.
///
/// Time is an argument, so that tests decide it. Not thread-safe: the sequencer's.
class Merge {
 public:
  struct Options {
    Duration late_after = std::chrono::seconds(1);
    bool merge = true;  ///< false, for tests only: first collected, first released
  };

  struct Counters {
    /// Numbered behind a request that had come later: its loop was silent for too long.
    std::uint64_t late = 0;
    /// Numbered without waiting any longer for a silent loop; `late` says whether it mattered.
    std::uint64_t unwaited = 0;
    std::uint64_t clock_steps = 0;
  };

  Merge(Ingress& ingress, Options options);

  /// Before start: how a loop is asked to publish.
  void set_waker(std::function<void(std::uint32_t)> waker) { waker_ = std::move(waker); }

  /// Reads watermarks, then the queues. `monotonic` and `wall` are the clocks at this moment.
  void collect(Duration monotonic, Instant wall);
  /// Something of the store's own, `is_own`, that takes its place by its stamp.
  void add(OrderedPtr request);
  /// The next request in order, or nothing when all that is left must wait.
  [[nodiscard]] OrderedPtr next();
  /// Everything in order, waiting for nobody: at the end.
  [[nodiscard]] OrderedPtr next_unwaited();
  /// The request that comes `places` after the next one as things stand, or nullptr. Something
  /// may still come between, so this is for getting ready only.
  [[nodiscard]] Ordered* ahead(std::size_t places) {
    return places < held_.size() - first_ ? held_[first_ + places].request.get() : nullptr;
  }

  [[nodiscard]] bool empty() const { return none_held() && released_.empty(); }
  /// Asks loops that hold the next request up. Gives how long to sleep at most when no bell rings.
  [[nodiscard]] Duration ask_and_wait_time();
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Held {
    Stamp stamp;
    std::uint64_t ticket = 0;  ///< order of collection: the tie-break, and all without merging
    Duration collected{0};     ///< monotonic
    OrderedPtr request;
  };
  struct Loop {
    Instant watermark = Instant::min();
    Duration moved{0};  ///< monotonic, when `watermark` last did
    std::uint64_t activity = 0;
    Duration active{0};               ///< monotonic, when `activity` last moved
    Duration asked{Duration::min()};  ///< monotonic, when it was last woken
    bool given_up = false;            ///< until `watermark` moves
  };

  [[nodiscard]] bool sooner(const Held& a, const Held& b) const;
  [[nodiscard]] bool none_held() const { return first_ == held_.size(); }
  void hold(OrderedPtr request);
  void put_in_order(std::size_t from);
  [[nodiscard]] OrderedPtr pop(bool waited);
  /// How long the request may still be held for `loop`, which is not past it; zero or less: no
  /// longer.
  [[nodiscard]] Duration patience(const Held& held, const Loop& loop) const;
  void notice_clock_step(Duration monotonic, Instant wall);

  Ingress& ingress_;
  const Options options_;
  std::function<void(std::uint32_t)> waker_;
  std::vector<Held> held_;  ///< in order from `first_` on; those before have gone
  std::size_t first_ = 0;
  std::vector<OrderedPtr> collected_;
  std::vector<Loop> loops_;
  std::uint64_t next_ticket_ = 0;
  Duration now_{0};  ///< monotonic
  std::optional<Duration> wall_offset_;
  Duration wall_offset_at_{0};
  std::deque<OrderedPtr> released_;  ///< by a clock step: in order, waiting for nobody
  Stamp newest_;                     ///< the latest stamp of a loop's released request
  Counters counters_;
};

}  // namespace dibs::store

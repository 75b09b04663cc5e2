#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/stamp.h"
#include "base/time.h"
#include "store/bell.h"
#include "store/ordered.h"

namespace dibs::store {

/// Where requests come in: one bounded queue per ingress loop, one for everybody else, and how far
/// each loop has read. Loops push and publish; the sequencer collects.
class Ingress {
 public:
  Ingress(std::uint32_t loops, std::size_t queue_bound);

  enum class Pushed { taken, full, closed };
  /// Takes `request` into the queue of its stamp's loop, or leaves it untouched when that queue is
  /// full or closed. Any thread, never blocks for long.
  [[nodiscard]] Pushed push(OrderedPtr& request);
  /// Takes nothing more. What was taken before can still be collected.
  void close();

  /// See WatermarkListener.
  void publish(std::uint32_t loop, Instant upto) noexcept;
  /// The furthest of all loops' watermarks. Any thread.
  [[nodiscard]] Instant furthest() const noexcept;

  /// Rings when something can be numbered that could not before: a watermark reached the oldest
  /// request of its loop or what is waited for, or a request came whose watermark has been reached
  /// (nobody's, outside the loops). A loop that is still reading wakes nobody.
  [[nodiscard]] Bell& bell() { return bell_; }

  // The sequencer's, on its own thread:

  /// Appends what has come to `out`, queue by queue. Everything that a loop pushed before the
  /// watermark that `watermark` gave before this call is among it.
  void collect(std::vector<OrderedPtr>& out);
  /// `count` requests were numbered: their places in the queues are free again.
  void numbered(std::uint32_t loop, std::size_t count = 1);
  [[nodiscard]] std::uint32_t loops() const {
    return static_cast<std::uint32_t>(queues_.size()) - 1;
  }
  [[nodiscard]] Instant watermark(std::uint32_t loop) const;
  /// Counts every push and watermark of the loop: it moves as long as the loop lives.
  [[nodiscard]] std::uint64_t activity(std::uint32_t loop) const;
  /// Watermarks at or past `upto` ring: a collected request waits for them. Instant::max(): none.
  void wait_for(Instant upto) { awaited_ns_ = to_ns(upto); }

 private:
  struct Queue {
    mutable std::mutex mutex;
    std::vector<OrderedPtr> requests;
    bool closed = false;
    bool rung = false;                               ///< for one of `requests`
    std::atomic<std::size_t> size{0};                ///< pushed and not yet numbered
    std::atomic<std::int64_t> oldest_ns{INT64_MAX};  ///< stamp among `requests`; guarded by mutex
    std::atomic<std::int64_t> watermark_ns{INT64_MIN};
    std::atomic<std::uint64_t> activity{0};
  };
  [[nodiscard]] Queue& queue_of(std::uint32_t loop);
  [[nodiscard]] const Queue& queue_of(std::uint32_t loop) const;

  const std::size_t queue_bound_;
  std::vector<std::unique_ptr<Queue>> queues_;  ///< one per loop, the last for everybody else
  std::atomic<std::int64_t> awaited_ns_{INT64_MAX};
  Bell bell_;
};

}  // namespace dibs::store

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "store/event_feed.h"

namespace dibs::events {

/// After failure number `failures` (from 1) of the same notice: 0.5 s, doubled each time, at most
/// 60 s, and of that a share between a half and the whole, as `draw` (0 to 1) says, so that many
/// sales of one shop do not all come back at once.
[[nodiscard]] Duration back_off(std::uint32_t failures, double draw);

/// The notices of one sale on their way to its shop: in order, one in flight, none passed over.
/// Holds a bounded window of events; the rest stays in the journal. No clock and no I/O of its own;
/// not thread-safe.
///
///     events read ──take──> window ──due/sent──> in flight ──answered──> delivered
///                             ^                      │
///                             └──── failed: later ───┘
class NoticeQueue {
 public:
  /// Some 64 KB of events: a tenth of a second of deliveries to a shop close by.
  static constexpr std::size_t kWindow = 128;

  /// What the shop has answered for, or happened while the sale had no notify, and where it stands.
  struct Delivered {
    Seq seq;            ///< 0: nothing yet
    Position position;  ///< of its record
  };

  /// Nothing delivered yet, and nothing to be sent before an event that gives the sale a notify.
  NoticeQueue() = default;
  /// Goes on behind `delivered`. `wanted`: the sale had a notify then.
  explicit NoticeQueue(Delivered delivered, bool wanted = true)
      : wanted_(wanted), taken_(delivered.seq), delivered_(delivered) {}

  /// Room for so many more events.
  [[nodiscard]] std::size_t room() const { return kWindow - window_.size(); }
  /// The next event of the sale that was read. One that was taken before is left out, and so is one
  /// from a time at which the sale had no notify.
  void take(store::FedEvent event);

  /// The notice to send now; null when there is none, one is in flight, or it is too early.
  [[nodiscard]] const store::FedEvent* due(Duration now) const;
  void sent() { in_flight_ = true; }
  /// The shop has taken the one in flight.
  void answered();
  /// It has not; `error` is what it said instead. Gives when to send it again.
  Duration failed(Duration now, std::string error, double draw);

  [[nodiscard]] bool in_flight() const { return in_flight_; }
  [[nodiscard]] bool empty() const { return window_.empty(); }
  /// The sale was removed or archived: its last event has been taken.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const Delivered& delivered() const { return delivered_; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  /// Events up to `latest` that the shop has not answered for.
  [[nodiscard]] std::uint64_t behind(Seq latest) const;
  /// When the oldest of them happened.
  [[nodiscard]] std::optional<Instant> oldest() const;

 private:
  bool wanted_ = false;  ///< the sale has a notify, as of the last event taken
  bool ended_ = false;
  Seq taken_;
  Delivered delivered_;
  std::deque<store::FedEvent> window_;
  bool in_flight_ = false;
  std::uint32_t failures_ = 0;
  Duration not_before_{0};
  std::string last_error_;
};

}  // namespace dibs::events

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "events/chained_event.h"
#include "events/event_sink.h"
#include "events/outbox_cursor.h"
#include "store/event_feed.h"

namespace dibs::events {

/// Moves a store's events into a sink, turn by turn: reads, chains, sends, hears what has arrived,
/// and keeps the file that says how far that is. No thread of its own, and not thread-safe.
///
///     feed ──read──> batch ──chained, sent──> in flight ──acknowledged, in order──> cursor ──>
///     file
///                      ^                          │
///                      └── read again: sink ended ┘
///
/// A sale's events are sent in order. Each is sent at least once: again after the sink has ended,
/// after a crash, and from the first of all when the file is missing, damaged or not of these data.
class OutboxPump {
 public:
  using OpenSink = std::function<Result<std::unique_ptr<EventSink>>()>;

  struct Options {
    std::string cursor_file;
    OpenSink open_sink;
    /// The bounds of what is sent and not acknowledged; what comes first counts. Of JSON events of
    /// half a kilobyte the first is met first: some 10 MB.
    std::size_t events_in_flight = 16'384;
    std::size_t bytes_in_flight = std::size_t{32} << 20U;
    std::function<void(const std::string&)> on_warning = [](const std::string&) {};
    std::function<void(const std::string&)> on_note = [](const std::string&) {};
  };

  struct Figures {
    std::uint64_t sent = 0;   ///< since the start, repeats too
    std::uint64_t acked = 0;  ///< since the start, each event once
    std::uint64_t in_flight = 0;
    std::uint64_t bytes_in_flight = 0;
    std::optional<Instant> oldest;  ///< of the events read and not acknowledged
    std::string last_error;         ///< what now keeps events from arriving; empty: nothing
  };

  OutboxPump(Options options, const store::EventFeed& feed, const Clock& clock);

  /// Reads one batch at most, sends what there is room for, and hears what has arrived; waits for
  /// that only while it cannot send, for a moment. The file is at most kWriteEvery behind what was
  /// heard, and never ahead. True: there was nothing to do, or it pauses after a fault.
  bool turn();
  /// Writes the file. The next turn goes on as if there had been none.
  void write();
  /// Every event that was durable at the last turn has been acknowledged.
  [[nodiscard]] bool settled() const;

  [[nodiscard]] const OutboxCursor& acknowledged() const { return acked_; }
  /// How far each sale is in the file, as of the last turn or write; nothing before the first.
  using Written = std::map<SaleId, Seq>;
  [[nodiscard]] const std::shared_ptr<const Written>& written() const { return written_; }
  /// The sales whose place in acknowledged() is another than at the last call.
  [[nodiscard]] std::set<SaleId> take_changed() { return std::exchange(changed_, {}); }
  [[nodiscard]] Figures figures() const;

  static constexpr Duration kWriteEvery = std::chrono::milliseconds(500);

 private:
  struct InFlight {
    SaleId sale;
    Position position;
    Seq seq;
    Instant at;
    ChainHash previous;
    ChainHash hash;
    bool test = false;
    std::size_t bytes = 0;
    bool acked = false;
  };

  void take_up();
  void begin_from_first();
  void rewind();
  void read();
  /// The event with its place in its chain; nothing when it is not to be sent.
  [[nodiscard]] std::optional<ChainedEvent> chain(const store::FedEvent& event);
  [[nodiscard]] bool know_again(const store::FedEvent& event);
  [[nodiscard]] bool fits(const store::FedEvent& event, ChainPlace& place);
  void not_of_these_data(const std::string& why);
  void note_written();
  [[nodiscard]] bool open_sink();
  void send();
  [[nodiscard]] bool has_room() const;
  void hear();
  void take_acked(std::uint64_t number);
  void write_when_due();
  void pause(const std::string& why, Duration how_long);
  void tell_trouble();
  [[nodiscard]] std::optional<Instant> oldest() const;
  [[nodiscard]] std::string trouble() const;

  const Options options_;
  const store::EventFeed& feed_;
  const Clock& clock_;

  bool begun_ = false;
  bool knows_last_ = true;  ///< the cursor's last event was met again, or there is none
  std::unique_ptr<store::EventReader> reader_;
  std::deque<store::FedEvent> batch_;  ///< read and not sent
  bool caught_up_ = false;
  std::map<SaleId, ChainPlace> sent_places_;
  std::set<SaleId> same_epoch_;  ///< sales whose epoch was asked since the last rewind

  std::unique_ptr<EventSink> sink_;
  std::deque<InFlight> in_flight_;
  std::optional<std::string>
      refused_;                     ///< the last of these as JSON, when there was no room for it
  std::uint64_t first_number_ = 0;  ///< of in_flight_'s front
  std::size_t bytes_ = 0;

  OutboxCursor acked_;
  std::set<SaleId> changed_;
  std::shared_ptr<const Written> written_;
  bool unwritten_ = false;
  bool write_failed_ = false;
  Duration written_at_{0};

  Duration paused_until_{0};
  std::string pause_reason_;
  std::string told_;                       ///< the trouble that was told last
  std::optional<Instant> rewound_oldest_;  ///< of what rewind() forgot
  std::uint64_t sent_ = 0;
  std::uint64_t acked_count_ = 0;
};

}  // namespace dibs::events

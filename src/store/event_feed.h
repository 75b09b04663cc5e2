#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "sale/event.h"

/// The part of the port that those who follow a store read: relays and ledgers. The store's own
/// durable log is the outbox; whoever follows it keeps a position, durably and by itself, and reads
/// on from there after any crash. Nothing is ever queued for a reader that is slow or away.
namespace dibs::store {

/// One durable event and where it stands.
struct FedEvent {
  /// Of the record that holds it. Several events may share one; positions never fall.
  Position position;
  SaleId sale;
  sale::Event event;
};

/// What one call of a reader gave.
struct EventBatch {
  std::vector<FedEvent> events;  ///< in the order in which they became durable
  /// Everything that was durable when the call was made has been given.
  bool caught_up = false;
};

/// Reads durable events forwards. One thread at a time; not longer than the feed.
class EventReader {
 public:
  EventReader() = default;
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;
  virtual ~EventReader() = default;

  /// The events that follow those already given, at most `limit` (1 or more). Work and memory of a
  /// call are bounded, so a batch may be small, or empty, long before the end: `caught_up` says
  /// when it is reached, and later calls give what has come since. Reads files; waits for no event.
  /// After a fault the same reader may be asked again and goes on where it was.
  [[nodiscard]] virtual Result<EventBatch> next(std::size_t limit) = 0;
};

/// The durable events of all sales as one sequence. Any thread may call.
class EventFeed {
 public:
  EventFeed() = default;
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  virtual ~EventFeed() = default;

  /// Up to where events are durable; 0 before the first. Within EventListener::on_events: the
  /// position of the events that it is given.
  [[nodiscard]] virtual Position durable_position() const = 0;

  /// Names the data that the events of `sale` are kept in: given with the first event, the same
  /// for as long as these data live (copies and backups included), another where a store was made
  /// anew and counts from 1 again. Who follows keeps it beside its position, and stops when it is
  /// another. 1 to 64 visible ASCII characters; empty: no event yet. May read a file.
  [[nodiscard]] virtual Result<std::string> epoch_of(const SaleId& sale) const = 0;

  /// A reader of all events of the records behind `after` (0: from the first), of `sale` alone when
  /// one is named. Nothing is read before the first call of next().
  [[nodiscard]] virtual std::unique_ptr<EventReader> read_events(
      Position after, std::optional<SaleId> sale) const = 0;
};

}  // namespace dibs::store

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "sale/event.h"

/// The part of the port that those who follow a store read: relays and ledgers. The store's own
/// durable log is the outbox; whoever follows it keeps what it has taken in, durably and by itself,
/// and reads on from there after any crash. Nothing is ever queued for a reader that is slow or
/// away.
namespace dibs::store {

/// One durable event and where it stands.
struct FedEvent {
  /// Of the record that holds it, in a store that keeps all sales in one log: several events may
  /// share one, and positions never fall. 0 in a store that keeps a log for each sale.
  Position position;
  SaleId sale;
  sale::Event event;
};

/// How far somebody who follows a store has come. The seqs say what has been taken in; the position
/// only says where to look for what comes next.
struct Taken {
  /// Of the last event taken in; 0: from the first on.
  Position position{};
  /// The last event taken in of each sale. One that is not named: none.
  std::map<SaleId, Seq> sales{};
};

/// Up to which event of a sale somebody who follows is done: durably, so that it never asks for
/// that one or an earlier one again, whatever becomes of this process. Nothing: that is not known
/// now. kWantsNone: it does not follow that sale.
using DoneUpto = std::function<std::optional<Seq>(const SaleId&)>;
inline constexpr Seq kWantsNone{UINT64_MAX};

/// What one call of a reader gave.
struct EventBatch {
  /// Of each sale in order and without a gap; where all lie in one log, all in the order in which
  /// they became durable.
  std::vector<FedEvent> events;
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
  /// when it is reached, and later calls give what has come since. Waits for files or for a
  /// server's answers, with a bound, and for no event. After a fault the same reader may be asked
  /// again and goes on where it was.
  [[nodiscard]] virtual Result<EventBatch> next(std::size_t limit) = 0;
};

/// The durable events of all sales. Any thread may call.
class EventFeed {
 public:
  EventFeed() = default;
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  virtual ~EventFeed() = default;

  /// Up to where events are durable; 0 before the first, and always where each sale has a log of
  /// its own. Within EventListener::on_events: the position of the events that it is given.
  [[nodiscard]] virtual Position durable_position() const = 0;

  /// Names the data that the events of `sale` are kept in: given with the first event, the same
  /// for as long as these data live (copies and backups included), another where a store was made
  /// anew and counts from 1 again. Who follows keeps it beside its position, and stops when it is
  /// another. 1 to 64 visible ASCII characters; empty: no event yet. May read a file.
  [[nodiscard]] virtual Result<std::string> epoch_of(const SaleId& sale) const = 0;

  /// A reader of all events behind those `taken`, of `sale` alone when one is named. Nothing is
  /// read before the first call of next().
  [[nodiscard]] virtual std::unique_ptr<EventReader> read_events(
      Taken taken, std::optional<SaleId> sale) const = 0;
};

}  // namespace dibs::store

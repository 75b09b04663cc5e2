#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "events/chained_event.h"
#include "store/event_feed.h"

/// How far Kafka has been told: the file `outbox.cursor` of a data directory
/// (docs/formats/outbox.md).
namespace dibs::events {

/// Where the chain of a sale stands.
struct ChainPlace {
  Seq seq;           ///< 0: before the first event
  ChainHash hash{};  ///< of that event
  std::string epoch;
  bool test = false;

  friend bool operator==(const ChainPlace&, const ChainPlace&) = default;
};

struct OutboxCursor {
  /// Of the last event acknowledged, of which everything before it is too.
  Position position;
  std::map<SaleId, ChainPlace> sales;
  /// The sale of that event, and the hash before it: with these it is known again in the store.
  /// Empty: no event yet.
  SaleId last;
  ChainHash before_last{};

  friend bool operator==(const OutboxCursor&, const OutboxCursor&) = default;
};

/// What EventFeed::read_events wants to go on behind `cursor`.
[[nodiscard]] store::Taken taken_by(const OutboxCursor& cursor);

/// Nothing when there is no such file. A damaged one is `corrupt`; who goes on without it sends
/// everything again, which readers pass over.
[[nodiscard]] Result<std::optional<OutboxCursor>> read_outbox_cursor(const std::string& path);
/// On return the file is durable and whole; on failure it is as it was. A line a sale, at most
/// limits::kSales.
[[nodiscard]] Result<void> write_outbox_cursor(const std::string& path, const OutboxCursor& cursor);

}  // namespace dibs::events

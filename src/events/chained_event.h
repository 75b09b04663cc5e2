#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "sale/event.h"
#include "store/chain.h"

namespace dibs::events {

using store::chain_hash;
using store::ChainHash;

/// One event as it leaves the store: with its place in its sale's chain, so that whoever takes it
/// in can tell a repeated, missing or foreign event from the next one without asking the store.
struct ChainedEvent {
  SaleId sale;
  /// Names the data the event comes from: store::EventFeed::epoch_of.
  std::string epoch;
  bool test = false;  ///< of a test sale
  sale::Event event;
  /// `hash` of the event before; zeros for seq 1.
  ChainHash previous{};
  /// chain_hash() of this event.
  ChainHash hash{};

  friend bool operator==(const ChainedEvent&, const ChainedEvent&) = default;
};

/// 64 hexadecimal digits, lower case.
[[nodiscard]] std::string to_hex(const ChainHash& hash);
/// The hash that `text` spells as to_hex() does; nothing when it is not one.
[[nodiscard]] std::optional<ChainHash> parse_hash(std::string_view text);

}  // namespace dibs::events

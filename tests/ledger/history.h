#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "events/chained_event.h"
#include "ledger/applier.h"
#include "store/event_feed.h"

namespace dibs::ledger {

inline constexpr const char* kEpoch = "epoch-of-the-tests";

/// What a sale goes through under random commands, mostly sensible ones: lines, payments, ends of
/// holds, restocks, closing, removal, archiving. The same seed gives the same.
[[nodiscard]] std::vector<sale::Event> random_events(std::uint64_t seed);

/// The events as a follower gives them to the ledger.
[[nodiscard]] std::vector<Delivered> chained(const SaleId& sale,
                                             const std::vector<sale::Event>& events,
                                             const std::string& epoch = kEpoch);

/// A sale of `orders` that hold a unit each; every third is paid, every fifth of those before it
/// that are not leaves.
[[nodiscard]] std::vector<sale::Event> rush_events(std::uint64_t orders);

/// The differences that an audit finds, when the store has all of `events` and the ledger is at
/// `url`; "fault: …" when there is none to be made.
[[nodiscard]] std::vector<std::string> differences(const std::string& url,
                                                   const std::vector<Delivered>& events);

}  // namespace dibs::ledger

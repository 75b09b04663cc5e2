#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/applier.h"
#include "ledger/rush.h"
#include "store/event_feed.h"

namespace dibs::ledger {

/// What a sale goes through under random commands, mostly sensible ones: lines, payments, ends of
/// holds, restocks, closing, removal, archiving. The same seed gives the same.
[[nodiscard]] std::vector<sale::Event> random_events(std::uint64_t seed);

/// The differences that an audit finds, when the store has all of `events` and the ledger is at
/// `url`; "fault: …" when there is none to be made.
[[nodiscard]] std::vector<std::string> differences(const std::string& url,
                                                   const std::vector<Delivered>& events);

}  // namespace dibs::ledger

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/applier.h"
#include "sale/event.h"

namespace dibs::ledger {

inline constexpr const char* kEpoch = "epoch-of-the-tests";

/// The events as a follower gives them to the ledger.
[[nodiscard]] std::vector<Delivered> chained(const SaleId& sale,
                                             const std::vector<sale::Event>& events,
                                             const std::string& epoch = kEpoch);

/// A sale of `orders` that hold a unit each; every third is paid, every fifth of those before it
/// that are not leaves.
[[nodiscard]] std::vector<sale::Event> rush_events(std::uint64_t orders);

}  // namespace dibs::ledger

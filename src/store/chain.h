#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "sale/event.h"

namespace dibs::store {

/// SHA-256.
using ChainHash = std::array<std::uint8_t, 32>;

[[nodiscard]] ChainHash sha256(std::string_view bytes);

/// SHA-256 over `previous` (zeros before seq 1), the sale's id, a zero byte and the event's packed
/// form (docs/formats/events.md). Equal hashes mean equal histories from the first event on.
[[nodiscard]] ChainHash chain_hash(const ChainHash& previous, const SaleId& sale,
                                   const sale::Event& event);

}  // namespace dibs::store

#pragma once

#include <optional>
#include <string_view>

#include "events/chained_event.h"
#include "sale/order.h"

/// Texts of the tables back into the program's types; nothing where they are not one.
namespace dibs::ledger {

[[nodiscard]] std::optional<sale::OrderState> order_state(std::string_view text);
[[nodiscard]] std::optional<sale::Money> money(std::string_view text);
[[nodiscard]] std::optional<sale::Reason> reason(std::string_view text);
[[nodiscard]] std::optional<events::ChainHash> chain_hash_of(std::string_view hex);

}  // namespace dibs::ledger

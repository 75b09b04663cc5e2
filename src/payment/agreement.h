#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "payment/wire.h"

namespace dibs::payment {

/// What an order says of its money, for holding it against the provider's books.
struct OrderMoney {
  enum class Where : std::uint8_t { none, authorised, captured, refund_due, refunded };

  std::string order;
  std::int64_t amount = 0;
  std::string currency;
  Where where = Where::none;  ///< none: nothing is to be taken or left reserved
  bool paying = false;        ///< an attempt is under way: it may have something reserved
};

/// Where orders and the provider's intents do not agree, one sentence each; empty: on every amount.
/// Intents of orders that are not among `orders` count as differences: give only those of the same
/// sales.
[[nodiscard]] std::vector<std::string> differences(std::span<const OrderMoney> orders,
                                                   std::span<const Intent> intents);

}  // namespace dibs::payment

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace dibs::sale {

/// Where an order's units are.
enum class OrderState : std::uint8_t { waiting, held, paying, paid, released, sold_out, closed };

/// Where an order's money is.
enum class Money : std::uint8_t { none, authorised, captured, voided, refund_due, refunded };

/// Why an order's units went back.
enum class Reason : std::uint8_t {
  none,
  cancelled,
  expired,
  payment_failed,
  capture_failed,
  refunded,
};

/// As on the wire: `waiting`, `held`, … (Money::voided is `void`, Reason::none is empty).
[[nodiscard]] std::string_view to_text(OrderState state);
[[nodiscard]] std::string_view to_text(Money money);
[[nodiscard]] std::string_view to_text(Reason reason);

/// One SKU of an order: how many and, once accepted, at which price per unit.
struct OrderLine {
  SkuId sku;
  std::uint32_t quantity = 0;  ///< 1 to limits::kQuantity
  std::int64_t price = 0;      ///< minor units, from the sale; ignored in a command

  friend bool operator==(const OrderLine&, const OrderLine&) = default;
};

/// An order as seen from outside, a copy: it stays true to its `seq` and ages from then on.
struct OrderView {
  OrderId id;
  BuyerId buyer;
  IdempotencyKey key;
  Reference reference;
  OrderState state = OrderState::held;
  Money money = Money::none;
  Reason reason = Reason::none;
  Arrival arrival;
  Seq seq;                       ///< the last event that changed this order
  std::vector<OrderLine> lines;  ///< sorted by SKU
  std::int64_t amount = 0;       ///< minor units
  Instant created_at;
  std::optional<Instant> expires_at;      ///< while held or paying and not final
  std::optional<Place> place;             ///< while waiting: in the line where `position` is worst
  std::optional<std::uint64_t> position;  ///< while waiting: 1 at the head

  friend bool operator==(const OrderView&, const OrderView&) = default;
};

}  // namespace dibs::sale

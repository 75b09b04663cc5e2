#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace dibs {

using SaleId = StrongText<struct SaleIdTag>;           ///< 1 to 64 of `a-z A-Z 0-9 . _ -`
using SkuId = StrongText<struct SkuIdTag>;             ///< 1 to 64 of `a-z A-Z 0-9 . _ -`
using BuyerId = StrongText<struct BuyerIdTag>;         ///< 1 to 128 visible ASCII without `@`
using IdempotencyKey = StrongText<struct IdemKeyTag>;  ///< 1 to 64 visible ASCII; empty: none
using Reference = StrongText<struct ReferenceTag>;     ///< 1 to 64 visible ASCII; empty: none

/// The number a buy request gets when it enters its sale's total order: from 1, unique,
/// increasing, with gaps. 0 means "not numbered".
using Arrival = Strong<struct ArrivalTag, std::uint64_t>;
/// The number of an event of one sale: 1, 2, 3 … without a gap. 0 means "before the first".
using Seq = Strong<struct SeqTag, std::uint64_t>;
/// The number of a journal record, engine-wide, without a gap, from 1.
using Position = Strong<struct PositionTag, std::uint64_t>;
/// An order's running number in the line of one SKU, from 1, without gaps in the giving.
using Place = Strong<struct PlaceTag, std::uint64_t>;

/// The 128 random bits that name an order within its sale. Unguessable, so an id is not a counter
/// that lets one buyer find another's order.
struct OrderKey {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

/// An order's public name: `ord_`, 26 base32 characters of its key, `.`, the sale.
struct OrderId {
  OrderKey key;
  SaleId sale;

  friend auto operator<=>(const OrderId&, const OrderId&) = default;
};

[[nodiscard]] std::string to_text(const OrderId& id);
/// The id that `text` spells, or nothing when it is not one (each id has exactly one spelling).
[[nodiscard]] std::optional<OrderId> parse_order_id(std::string_view text);

/// Whether `text` keeps the rule written beside the alias above.
[[nodiscard]] bool is_sale_or_sku_id(std::string_view text);
[[nodiscard]] bool is_buyer_id(std::string_view text);
/// The rule of idempotency keys and references: 1 to 64 visible ASCII characters.
[[nodiscard]] bool is_short_visible_text(std::string_view text);

}  // namespace dibs

template <>
struct std::hash<dibs::OrderKey> {
  std::size_t operator()(const dibs::OrderKey& key) const noexcept {
    std::size_t part = 0;  // the bits are random already: any eight bytes are a hash
    std::memcpy(&part, key.bytes.data(), sizeof part);
    return part;
  }
};

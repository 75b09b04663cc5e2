#pragma once

#include <cstdint>

/// The bounds of the wire contract, each in one place. Bounds of one part stay with that part.
namespace dibs::limits {

/// Sales of one data directory, removed ones too. A sale takes some 48 KiB before its first order:
/// half a gigabyte. At every start and clean end one commit holds a fact of each, some 100 bytes.
inline constexpr std::uint64_t kSales = 10'000;
inline constexpr std::uint64_t kItemsPerSale = 256;
inline constexpr std::uint64_t kItemsPerOrder = 16;
inline constexpr std::uint64_t kQuantity = 1'000;
inline constexpr std::int64_t kStock = 10'000'000;         ///< units of one SKU, also one delta
inline constexpr std::int64_t kPrice = 1'000'000'000'000;  ///< minor units
inline constexpr std::int64_t kAmount = (1LL << 53) - 1;   ///< exact in every JSON reader
inline constexpr std::int64_t kHoldSecondsMax = 86'400;
inline constexpr std::uint64_t kLineLimitMax = 1'000'000;
inline constexpr std::uint64_t kLineLimitDefaultMin = 1'000;
inline constexpr std::uint64_t kLineLimitPerUnit = 10;
inline constexpr std::uint64_t kTitleChars = 200;

/// Orders promoted, expired or ended in one step of a sale, so that no single step holds the
/// thread for long: 64 orders at about 1 us each. The rest follows before any other command.
inline constexpr int kOrdersPerStep = 64;

static_assert(kQuantity * kItemsPerOrder <= 1'000'000);
// 1,000 units at the highest price fit in 64 bits; the sum over an order is checked against
// kAmount.
static_assert(kPrice <= INT64_MAX / static_cast<std::int64_t>(kQuantity * kItemsPerOrder));

}  // namespace dibs::limits

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace dibs::sale {

/// Who takes the money.
enum class PaymentMode : std::uint8_t {
  provider,  ///< Dibs asks a payment provider
  shop,      ///< the shop does, and says begin, confirm or release
  none,      ///< nobody: every price is 0 and the buy is final
};

/// As on the wire: `provider`, `shop`, `none`.
[[nodiscard]] std::string_view to_text(PaymentMode mode);

struct ItemSpec {
  SkuId sku;
  std::string title;       ///< shown to people; at most limits::kTitleChars
  std::int64_t price = 0;  ///< minor units of the sale's currency, 0 to limits::kPrice
  std::int64_t stock = 0;  ///< units at the start, 0 to limits::kStock

  friend bool operator==(const ItemSpec&, const ItemSpec&) = default;
};

/// What an operator says about a sale. Every value is already within the bounds of the contract;
/// checking that is the caller's work (src/api).
struct SaleSpec {
  std::string title;
  std::string currency;  ///< ISO 4217
  std::vector<ItemSpec> items;

  std::optional<Instant> opens_at;   ///< nothing: opens at once
  std::optional<Instant> closes_at;  ///< nothing: only by call
  std::int64_t hold_seconds = 300;
  std::int64_t payment_seconds = 120;
  std::uint32_t payment_attempts = 1;
  std::int64_t promotion_seconds = 300;
  std::uint64_t limit_per_buyer = 1;        ///< units live at once
  std::optional<std::uint64_t> line_limit;  ///< orders waiting; nothing: see line_limit_of()
  PaymentMode payment = PaymentMode::provider;
  std::optional<std::string> checkout_url;
  std::optional<std::string> notify_url;
  bool public_stock_hidden = false;
  bool test = false;

  friend bool operator==(const SaleSpec&, const SaleSpec&) = default;
};

/// The bound on waiting orders that `spec` means: its own, or the larger of 1,000 and 10 x stock,
/// at most 1,000,000.
[[nodiscard]] std::uint64_t line_limit_of(const SaleSpec& spec);

/// Whether `instant` can come into an event: 1970 to 2116, the lower half of what 64 bits can
/// count in ns, so that no sum of an instant and a duration in the rules overflows.
[[nodiscard]] constexpr bool is_storable(Instant instant) {
  return to_ns(instant) >= 0 && to_ns(instant) <= INT64_MAX / 2;
}

/// What of `spec` is out of the contract's bounds, beginning with the member's name on the wire;
/// nothing when all is well. Callers check more finely; this guards what goes into an event.
[[nodiscard]] std::optional<std::string> problem_of(const SaleSpec& spec);

}  // namespace dibs::sale

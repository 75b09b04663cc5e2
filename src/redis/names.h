#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "sale/codes.h"
#include "sale/event.h"
#include "sale/order.h"
#include "sale/spec.h"

/// How values are spelled on Redis, both ways: the words of the API, and whole microseconds.
namespace dibs::redis {

[[nodiscard]] constexpr std::int64_t to_us(Duration duration) {
  return std::chrono::floor<std::chrono::microseconds>(duration).count();
}
[[nodiscard]] constexpr std::int64_t to_us(Instant instant) {
  return to_us(instant.time_since_epoch());
}
[[nodiscard]] constexpr Instant from_us(std::int64_t us) {
  return Instant(std::chrono::microseconds(us));
}

/// The 26 characters that stand between `ord_` and the dot of an order's public name.
[[nodiscard]] std::string order_word(const OrderKey& key);
[[nodiscard]] std::optional<OrderKey> order_key(std::string_view word);

/// 64 hexadecimal digits.
[[nodiscard]] std::string hash_word(const sale::FileHash& hash);
[[nodiscard]] std::optional<sale::FileHash> file_hash(std::string_view word);

[[nodiscard]] std::string_view to_word(sale::PaymentMode mode);

/// The value that `word` spells, or nothing.
[[nodiscard]] std::optional<sale::Code> to_code(std::string_view word);
[[nodiscard]] std::optional<sale::OrderState> to_state(std::string_view word);
[[nodiscard]] std::optional<sale::Money> to_money(std::string_view word);
[[nodiscard]] std::optional<sale::Reason> to_reason(std::string_view word);
[[nodiscard]] std::optional<sale::PaymentMode> to_payment(std::string_view word);

}  // namespace dibs::redis

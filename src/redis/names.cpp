#include "redis/names.h"

#include <algorithm>
#include <charconv>

namespace dibs::redis {
namespace {

constexpr std::string_view kPublicPrefix = "ord_";
constexpr std::size_t kWordChars = 26;

/// The first of the values from 0 to `last` that is spelled so.
template <class Enum, class Spell>
std::optional<Enum> spelled(std::string_view word, Enum last, Spell spell) {
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    if (spell(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string order_word(const OrderKey& key) {
  return to_text(OrderId{key, SaleId("s")}).substr(kPublicPrefix.size(), kWordChars);
}

std::optional<OrderKey> order_key(std::string_view word) {
  if (word.size() != kWordChars) return std::nullopt;
  const auto id = parse_order_id(std::string(kPublicPrefix) + std::string(word) + ".s");
  if (!id) return std::nullopt;
  return id->key;
}

std::string hash_word(const sale::FileHash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string word;
  for (const std::uint8_t byte : hash) {
    word += kDigits[byte >> 4U];
    word += kDigits[byte & 15U];
  }
  return word;
}

std::optional<sale::FileHash> file_hash(std::string_view word) {
  sale::FileHash hash{};
  if (word.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const char* const digits = word.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, hash.at(i), 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return hash;
}

std::string_view to_word(sale::PaymentMode mode) {
  switch (mode) {
    case sale::PaymentMode::provider:
      return "provider";
    case sale::PaymentMode::shop:
      return "shop";
    case sale::PaymentMode::none:
      return "none";
  }
  return {};
}

std::optional<sale::Code> to_code(std::string_view word) {
  if (word == "ok") return sale::Code::ok;
  const auto found = std::ranges::find(sale::kCodes, word, &sale::CodeInfo::name);
  if (found == sale::kCodes.end()) return std::nullopt;
  return found->code;
}

std::optional<sale::OrderState> to_state(std::string_view word) {
  return spelled(word, sale::OrderState::closed, [](auto v) { return sale::to_text(v); });
}

std::optional<sale::Money> to_money(std::string_view word) {
  return spelled(word, sale::Money::refunded, [](auto v) { return sale::to_text(v); });
}

std::optional<sale::Reason> to_reason(std::string_view word) {
  return spelled(word, sale::Reason::refunded, [](auto v) { return sale::to_text(v); });
}

std::optional<sale::PaymentMode> to_payment(std::string_view word) {
  return spelled(word, sale::PaymentMode::none, to_word);
}

}  // namespace dibs::redis

#include "base/ids.h"

#include <algorithm>

namespace dibs {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kPrefix = "ord_";
constexpr std::size_t kKeyChars = 26;  // ceil(128 / 5); the last character carries 3 bits
static_assert(kKeyChars * 5 >= 128 && (kKeyChars - 1) * 5 < 128);

constexpr std::size_t kIdCharsMax = 64;
constexpr std::size_t kBuyerCharsMax = 128;

bool is_visible_ascii(char c) { return c > ' ' && c < 0x7f; }

std::optional<std::uint8_t> base32_value(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint8_t>(c - 'a');
  if (c >= '2' && c <= '7') return static_cast<std::uint8_t>(c - '2' + 26);
  return std::nullopt;
}

std::optional<OrderKey> decode_key(std::string_view text) {
  OrderKey key;
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  std::size_t filled = 0;
  for (const char c : text) {
    const auto value = base32_value(c);
    if (!value) return std::nullopt;
    pending = (pending << 5U) | *value;
    pending_bits += 5;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      key.bytes.at(filled++) = static_cast<std::uint8_t>(pending >> pending_bits);
      pending &= (1U << pending_bits) - 1;
    }
  }
  if (pending != 0) return std::nullopt;  // the two spare bits are zero, or one id had four names
  return key;
}

}  // namespace

std::string to_text(const OrderId& id) {
  std::string text;
  text.reserve(kPrefix.size() + kKeyChars + 1 + id.sale.view().size());
  text += kPrefix;
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const std::uint8_t byte : id.key.bytes) {
    pending = (pending << 8U) | byte;
    pending_bits += 8;
    while (pending_bits >= 5) {
      pending_bits -= 5;
      text += kBase32[(pending >> pending_bits) & 31U];
    }
    pending &= (1U << pending_bits) - 1;
  }
  text += kBase32[(pending << (5 - pending_bits)) & 31U];
  text += '.';
  text += id.sale.view();
  return text;
}

std::optional<OrderId> parse_order_id(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.size() < kKeyChars + 2 || text[kKeyChars] != '.') return std::nullopt;
  // The last character holds 3 bits of the key and two zero bits below them.
  const auto last = base32_value(text[kKeyChars - 1]);
  if (!last || (*last & 3U) != 0) return std::nullopt;
  const auto key = decode_key(text.substr(0, kKeyChars));
  const std::string_view sale = text.substr(kKeyChars + 1);
  if (!key || !is_sale_or_sku_id(sale)) return std::nullopt;
  return OrderId{*key, SaleId(std::string(sale))};
}

bool is_sale_or_sku_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kIdCharsMax && std::ranges::all_of(text, allowed);
}

bool is_buyer_id(std::string_view text) {
  const auto allowed = [](char c) { return is_visible_ascii(c) && c != '@'; };
  return !text.empty() && text.size() <= kBuyerCharsMax && std::ranges::all_of(text, allowed);
}

bool is_short_visible_text(std::string_view text) {
  return !text.empty() && text.size() <= kIdCharsMax && std::ranges::all_of(text, is_visible_ascii);
}

}  // namespace dibs

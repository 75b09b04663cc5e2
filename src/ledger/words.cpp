#include "ledger/words.h"

#include <charconv>
#include <cstdint>

namespace dibs::ledger {
namespace {

template <class Enum>
std::optional<Enum> spelt(std::string_view text, Enum last) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(last); ++i) {
    if (sale::to_text(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<sale::OrderState> order_state(std::string_view text) {
  return spelt(text, sale::OrderState::closed);
}
std::optional<sale::Money> money(std::string_view text) {
  return spelt(text, sale::Money::refunded);
}
std::optional<sale::Reason> reason(std::string_view text) {
  return spelt(text, sale::Reason::refunded);
}

std::optional<events::ChainHash> chain_hash_of(std::string_view hex) {
  events::ChainHash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const char* from = hex.data() + 2 * i;
    const auto [end, error] = std::from_chars(from, from + 2, hash[i], 16);
    if (error != std::errc() || end != from + 2) return std::nullopt;
  }
  return hash;
}

}  // namespace dibs::ledger

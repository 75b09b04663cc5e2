#pragma once

#include <cstdint>
#include <string_view>

namespace dibs::sale {

/// FNV-1a over 8-byte little-endian words (the last one filled with zeros) with the high bits
/// folded down after each, then the length. Tells states apart; no defence against a forger: the
/// journal's hash chain is that.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view bytes) {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325U;
  constexpr std::uint64_t kPrime = 0x00000100000001b3U;
  std::uint64_t hash = kOffset;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32U;  // FNV alone never brings high bits down; words need it, bytes do not
  };
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8 && at + i < bytes.size(); ++i) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    }
    mix(word);
  }
  mix(bytes.size());
  return hash;
}

}  // namespace dibs::sale

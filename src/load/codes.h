#pragma once

#include <cstdint>
#include <string_view>

namespace dibs::load {

/// A refusal as the wire contract lists it, read from its text and not from the server's table: so
/// that the one can find a mistake in the other.
struct KnownCode {
  enum class Arrival : std::uint8_t { never, always, either };

  std::string_view code;
  std::uint16_t status;
  Arrival arrival;
};

/// The row of a code; null when the contract has none.
[[nodiscard]] const KnownCode* find_code(std::string_view code, std::uint16_t status);

/// A refusal by which the sale's rules keep a buyer out of the competition: it was not open, or the
/// buyer had its share already. No promise breaks by it, unlike by 429 and 503.
[[nodiscard]] bool keeps_out(std::string_view code);

}  // namespace dibs::load

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

}  // namespace dibs::load

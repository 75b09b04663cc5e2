#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What a fuzzer is given, as the text that production code takes.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<const char*>(data), size};
}

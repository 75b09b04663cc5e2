#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dibs::redis {

/// Appends values in the form of MessagePack (msgpack.org), which Redis' Lua reads by itself:
/// arrays, whole numbers, texts and booleans are all that commands need.
class Packer {
 public:
  /// `size` values follow.
  void array(std::size_t size) { head(size, 0x90, 16, 0, 0xdc, 0xdd); }

  void text(std::string_view value) {
    head(value.size(), 0xa0, 32, 0xd9, 0xda, 0xdb);
    bytes_.append(value);
  }

  void number(std::int64_t value) {
    if (value >= 0 && value < 0x80) return byte(static_cast<std::uint64_t>(value));
    byte(0xd3);
    big_endian(static_cast<std::uint64_t>(value), 8);
  }

  void flag(bool value) { byte(value ? 0xc3 : 0xc2); }

  /// Not MessagePack: bytes as they are.
  void raw(std::string_view bytes) { bytes_.append(bytes); }

  /// The same of at most 255 bytes, behind a byte with their number.
  void short_text(std::string_view bytes) {
    byte(bytes.size());
    raw(bytes);
  }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  /// A size within its own byte, or behind a byte that says how long it is; `small` 0: no such.
  void head(std::size_t size, unsigned fixed, unsigned limit, unsigned small, unsigned middle,
            unsigned large) {
    if (size < limit) return byte(fixed | size);
    if (small != 0 && size <= UINT8_MAX) return byte(small), big_endian(size, 1);
    if (size <= UINT16_MAX) return byte(middle), big_endian(size, 2);
    byte(large);
    big_endian(size, 4);
  }

  void byte(std::uint64_t value) { bytes_.push_back(static_cast<char>(value)); }
  void big_endian(std::uint64_t value, unsigned size) {
    while (size-- > 0) byte(value >> 8 * size);
  }

  std::string bytes_;
};

}  // namespace dibs::redis

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace dibs {

using Bytes = std::span<const std::uint8_t>;

/// Appends values to a byte string in the packed form that journal, snapshots and events share:
/// unsigned numbers as LEB128, signed ones zigzag first, texts with their length before them.
/// docs/formats/journal.md holds the layout.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }

  void number(std::uint64_t value) {
    std::array<char, 10> digits;  // 64 bits in sevens
    std::size_t count = 0;
    while (value >= 0x80) {
      digits[count++] = static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    digits[count++] = static_cast<char>(value);
    out_.append(digits.data(), count);
  }

  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
  }

  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }

  void raw(std::string_view value) { out_.append(value); }

 private:
  std::string& out_;
};

/// Reads what ByteWriter wrote. After the first malformed or missing field `ok()` is false and
/// every further read gives zero or an empty text; nothing is ever read past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    if (rest_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (!ok_ || (shift == 63 && byte > 1)) return fail();
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    return fail();
  }

  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
  }

  /// A view into the bytes given at construction.
  std::string_view text() { return raw(number()); }

  std::string_view raw(std::uint64_t size) {
    if (!ok_ || size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

  /// A field was read that makes no sense to the caller: from now on as if it were malformed.
  void refuse() { fail(); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

 private:
  std::uint8_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace dibs

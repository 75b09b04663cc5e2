#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sale/blocks.h"

namespace dibs::sale {

/// Keeps short texts for as long as the sale, one after another in large blocks: no allocation and
/// no string header a text. A text never moves, and is named by its offset; its length is kept by
/// whoever asked.
class Texts {
 public:
  /// Stores `first` and `second` next to each other; returns the offset of `first`. Together they
  /// are at most kTogether characters (ids are at most 128).
  std::uint64_t add(std::string_view first, std::string_view second = {}) {
    const std::size_t size = first.size() + second.size();
    if (size == 0) return 0;
    const std::size_t offset = chars_.append(size);
    char* at = &chars_[offset];
    first.copy(at, first.size());
    second.copy(at + first.size(), second.size());
    return offset;
  }

  [[nodiscard]] std::string_view at(std::uint64_t offset, std::size_t size) const {
    if (size == 0) return {};
    return {&chars_[offset], size};
  }

 private:
  static constexpr std::size_t kTogether = 16'384;
  Blocks<char, kTogether> chars_;
};

}  // namespace dibs::sale

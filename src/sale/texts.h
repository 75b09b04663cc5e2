#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace dibs::sale {

/// Keeps short texts for as long as the sale, one after another in large blocks: no allocation and
/// no string header a text. A text never moves, and is named by its offset; its length is kept by
/// whoever asked.
class Texts {
 public:
  static constexpr std::size_t kBlockBytes = 16'384;

  /// Stores `first` and `second` next to each other; returns the offset of `first`. Together they
  /// must fit a block (ids are at most 128 characters).
  std::uint64_t add(std::string_view first, std::string_view second = {}) {
    const std::size_t size = first.size() + second.size();
    if (blocks_.empty() || used_ + size > kBlockBytes) {
      blocks_.push_back(std::make_unique_for_overwrite<Block>());
      used_ = 0;
    }
    const std::uint64_t offset = (blocks_.size() - 1) * kBlockBytes + used_;
    char* at = blocks_.back()->data() + used_;
    first.copy(at, first.size());
    second.copy(at + first.size(), second.size());
    used_ += size;
    return offset;
  }

  [[nodiscard]] std::string_view at(std::uint64_t offset, std::size_t size) const {
    if (size == 0) return {};
    return {blocks_[offset / kBlockBytes]->data() + offset % kBlockBytes, size};
  }

 private:
  using Block = std::array<char, kBlockBytes>;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::size_t used_ = 0;  ///< bytes of the last block
};

}  // namespace dibs::sale

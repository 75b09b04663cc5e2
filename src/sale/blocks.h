#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "base/assert.h"

namespace dibs::sale {

/// A sequence that only grows at its end, and whose elements never move: no copying as it grows,
/// and a reference holds for as long as the sequence.
///
///     block 0: First elements, block 1: twice as many, block 2: four times …
///
/// So two dozen pointers, always in the cache, lead to any element, and a large block takes memory
/// only as it is written to, in small pages: nothing waits while 2 MiB are cleared at once.
template <class T, std::size_t First>
  requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class Blocks {
  static_assert(std::has_single_bit(First));

 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t at) { return blocks_[block_of(at)][offset_of(at)]; }
  [[nodiscard]] const T& operator[](std::size_t at) const {
    return blocks_[block_of(at)][offset_of(at)];
  }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

  T& emplace_back() { return (*this)[append(1)] = T{}; }

  /// Makes room for `count` elements, at most First, next to each other in memory, to be assigned;
  /// gives the index of the first. What is left of a block too short for them stays unused.
  std::size_t append(std::size_t count) {
    DIBS_ASSERT(count <= First);
    std::size_t at = size_;
    if (block_of(at) != block_of(at + count - 1)) at = start_of(block_of(at + count - 1));
    auto& block = blocks_[block_of(at)];
    if (!block) block.reset(static_cast<T*>(::operator new((First << block_of(at)) * sizeof(T))));
    size_ = at + count;
    return at;
  }

 private:
  static constexpr unsigned kFirstBits = std::countr_zero(First);

  // With First added to an index its highest bit says which block it is in, the others where.
  static unsigned block_of(std::size_t at) {
    return static_cast<unsigned>(std::bit_width(at + First)) - 1U - kFirstBits;
  }
  static std::size_t start_of(unsigned block) { return (First << block) - First; }
  static std::size_t offset_of(std::size_t at) { return at - start_of(block_of(at)); }

  struct Delete {
    void operator()(T* elements) const { ::operator delete(elements); }
  };
  std::array<std::unique_ptr<T[], Delete>, 32> blocks_;
  std::size_t size_ = 0;
};

}  // namespace dibs::sale

#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace dibs {

/// `count` times `size` bytes of zeros, to be given back with free. Without memory it calls the new
/// handler, and throws std::bad_alloc when there is none.
[[nodiscard]] void* allocate_zeroed(std::size_t count, std::size_t size);

/// Asks the system to back that memory with pages of 2 MiB where it can. Tables that are looked
/// into at random miss the page tables otherwise about as often as the cache.
void advise_huge_pages(void* memory, std::size_t bytes);

/// An array of a fixed size, all bits zero. A large one takes no memory before it is written to.
template <class T>
  requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class ZeroedArray {
 public:
  ZeroedArray() = default;
  explicit ZeroedArray(std::size_t size)
      : items_(static_cast<T*>(allocate_zeroed(size, sizeof(T)))), size_(size) {
    advise_huge_pages(items_.get(), size * sizeof(T));
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T& operator[](std::size_t at) { return items_.get()[at]; }
  [[nodiscard]] const T& operator[](std::size_t at) const { return items_.get()[at]; }
  [[nodiscard]] const T* begin() const { return items_.get(); }
  [[nodiscard]] const T* end() const { return items_.get() + size_; }

 private:
  struct Free {
    void operator()(T* items) const { std::free(items); }
  };
  std::unique_ptr<T, Free> items_;
  std::size_t size_ = 0;
};

}  // namespace dibs

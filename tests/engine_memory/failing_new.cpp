#include "engine_memory/failing_new.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace dibs::engine {
namespace {

std::atomic<bool> counting{false};
std::atomic<bool> for_ever_from_then{false};
std::atomic<std::size_t> fails_at{SIZE_MAX};
std::atomic<std::size_t> allocations{0};

bool finds_none() {
  if (!counting.load(std::memory_order_relaxed)) return false;
  const std::size_t count = ++allocations;
  return for_ever_from_then ? count >= fails_at : count == fails_at;
}

void* allocate(std::size_t size, std::size_t alignment) {
  while (true) {
    void* memory = nullptr;
    if (!finds_none()) {
      size = size == 0 ? 1 : size;
      memory = alignment <= alignof(std::max_align_t)
                   ? std::malloc(size)
                   : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    }
    if (memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

void fail_allocation(std::size_t at, bool for_ever) {
  allocations = 0;
  fails_at = at;
  for_ever_from_then = for_ever;
  counting = true;
}

std::size_t stop_failing_allocations() {
  counting = false;
  return allocations;
}

}  // namespace dibs::engine

// All of them, so that what one gives another can take back under the sanitizers too.
void* operator new(std::size_t size) { return dibs::engine::allocate(size, 1); }
void* operator new[](std::size_t size) { return dibs::engine::allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return dibs::engine::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return dibs::engine::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

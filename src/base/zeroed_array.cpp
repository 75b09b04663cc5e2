#include "base/zeroed_array.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace dibs {

void* allocate_zeroed(std::size_t count, std::size_t size) {
  for (;;) {
    if (void* memory = std::calloc(count, size); memory != nullptr) return memory;
    // As operator new does: whoever decides what happens without memory decides here too.
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void advise_huge_pages(void* memory, std::size_t bytes) {
  constexpr std::uintptr_t kPage = 4'096;
  constexpr std::size_t kHugePage = std::size_t{2} << 20U;
  if (bytes < kHugePage) return;
  const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(memory) % kPage) % kPage;
  const std::size_t pages = (bytes - before) / kPage;
  // Refused where the system has none: everything works without.
  static_cast<void>(::madvise(static_cast<char*>(memory) + before, pages * kPage, MADV_HUGEPAGE));
}

}  // namespace dibs

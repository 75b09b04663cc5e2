#include "base/zeroed_array.h"

#include <sys/mman.h>

#include <cstdint>

namespace dibs {

void advise_huge_pages(void* memory, std::size_t bytes) {
  constexpr std::uintptr_t kPage = 4'096;
  constexpr std::size_t kHugePage = std::size_t{2} << 20U;
  if (bytes < kHugePage) return;
  const auto first = (reinterpret_cast<std::uintptr_t>(memory) + kPage - 1) & ~(kPage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(kPage - 1);
  // Refused where the system has none: everything works without.
  static_cast<void>(::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE));
}

}  // namespace dibs

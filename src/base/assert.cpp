#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace dibs {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "dibs: broken invariant at %s:%d: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace dibs

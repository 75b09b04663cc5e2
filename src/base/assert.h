#pragma once

namespace dibs {

/// Prints the broken invariant and its place to standard error, then aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace dibs

/// States an invariant. It stays on in release builds: a sale whose law is broken must stop, not
/// go on selling. No input from outside may ever reach one; input is refused with a clear answer.
#define DIBS_ASSERT(condition)                         \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::dibs::assertion_failed(#condition, __FILE__, __LINE__))

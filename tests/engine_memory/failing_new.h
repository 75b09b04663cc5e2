#pragma once

#include <cstddef>

/// This program's operator new can be told to find no memory.
namespace dibs::engine {

/// From now on allocation `at` (1: the next) finds none, and with `for_ever` every one after it.
/// They are counted over all threads. As the standard has it, the new handler is called until there
/// is memory or it does not return; without one, std::bad_alloc is thrown.
void fail_allocation(std::size_t at, bool for_ever);
/// How many allocations there were since; the failing stops.
std::size_t stop_failing_allocations();

}  // namespace dibs::engine

#include "base/out_of_memory.h"

#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string_view>

namespace dibs {
namespace {

constexpr int kExitStatus = 3;
constexpr std::string_view kLastWords =
    "dibs: out of memory; stopped. What was not answered may or may not have happened. Give the "
    "process more memory, then start again: the journal tells what is true.\n";

// No allocation, no lock and no destructor: the thread that fails may hold any of them.
void end_process() {
  static_cast<void>(!::write(STDERR_FILENO, kLastWords.data(), kLastWords.size()));
  std::_Exit(kExitStatus);
}

}  // namespace

void end_when_memory_runs_out() noexcept { std::set_new_handler(end_process); }

}  // namespace dibs

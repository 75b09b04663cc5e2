#include "engine/failure.h"

#include <cstdio>
#include <cstdlib>

namespace dibs::engine {

void Failure::report(const std::string& what) {
  raise();
  if (reported_.exchange(true)) return;
  const Fault fault{FaultKind::unknown, what,
                    "What was not answered may or may not have happened. Make room on the disk, or "
                    "replace it, then start again: the journal tells what is true."};
  if (handler_) {
    handler_(fault);
    return;
  }
  std::fprintf(stderr, "dibs: %s. %s\n", fault.what.c_str(), fault.remedy.c_str());
  std::fflush(stderr);
  std::_Exit(3);  // not exit(): destructors would wait for threads that can no longer finish
}

}  // namespace dibs::engine

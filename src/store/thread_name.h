#pragma once

#include <pthread.h>

namespace dibs::store {

/// Names the calling thread for top, perf and core files; at most 15 characters.
inline void name_thread(const char* name) {
  static_cast<void>(::pthread_setname_np(::pthread_self(), name));
}

}  // namespace dibs::store

#pragma once

#include <cstdint>

#include "base/time.h"

/// What epoll gives back for descriptors that are no connection. Ids of connections count from 1
/// and never come near.
namespace dibs::http {

inline constexpr std::uint64_t kFirstListenerId = UINT64_MAX - 1024;
inline constexpr std::uint64_t kDoorbellId = UINT64_MAX;

/// A listener that is not paused, among the times until which the others are.
inline constexpr Duration kAccepting = Duration::min();

}  // namespace dibs::http

#pragma once

#include <cstdint>
#include <memory>

#include "base/stamp.h"

namespace dibs::store {

/// The loop index of stamps that no ingress loop gave (timers, operators' tools in process):
/// numbered by their time alone.
inline constexpr std::uint32_t kNoLoop = UINT32_MAX;

/// What waits to be put in order of arrival; each store derives from it what it does then.
struct Ordered {
  Ordered() = default;
  explicit Ordered(const Stamp& stamped) : stamp(stamped) {}
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;
  virtual ~Ordered() = default;

  Stamp stamp;
  /// Came through Merge::add(), of the store itself: no place in a queue is freed when it goes.
  bool is_own = false;
};

using OrderedPtr = std::unique_ptr<Ordered>;

}  // namespace dibs::store

#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/time.h"
#include "webhook/signature.h"

namespace dibs::api {

/// The ids of the webhooks taken lately. One that is older than the window of signatures is refused
/// as stale, so that an id need not be remembered for longer than the window on both sides. Any
/// thread.
class SeenEvents {
 public:
  [[nodiscard]] bool contains(const std::string& id, Instant now) {
    const std::lock_guard lock(mutex_);
    forget(now);
    return ids_.contains(id);
  }
  void add(const std::string& id, Instant now) {
    const std::lock_guard lock(mutex_);
    if (ids_.insert(id).second) order_.emplace_back(now, id);
  }

 private:
  void forget(Instant now) {
    while (!order_.empty() && order_.front().first + 2 * webhook::kWindow < now) {
      ids_.erase(order_.front().second);
      order_.pop_front();
    }
  }

  std::mutex mutex_;  ///< guards the rest; a leaf in the lock order
  std::unordered_set<std::string> ids_;
  std::deque<std::pair<Instant, std::string>> order_;
};

}  // namespace dibs::api

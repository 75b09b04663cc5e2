#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>

#include "base/network.h"

namespace dibs::http {

/// How many connections each network has open. Holds an entry only for those that have any, so it
/// is no larger than the table of connections. Any thread.
class NetworkCounts {
 public:
  /// Counts one more; false, and nothing counted, when the network has `most`.
  [[nodiscard]] bool enter(const IpAddress& network, std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::size_t& open = open_[network];  // never left at 0: `most` is at least 1
    if (open >= most) return false;
    ++open;
    return true;
  }

  void leave(const IpAddress& network) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(network);
    if (--found->second == 0) open_.erase(found);
  }

 private:
  std::mutex mutex_;  ///< guards open_; a leaf in the lock order
  std::unordered_map<IpAddress, std::size_t> open_;
};

}  // namespace dibs::http

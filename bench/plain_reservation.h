#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sale/command.h"

namespace dibs::bench {

/// The yardstick for the rules: what one writes at first. One lock, two hash maps, a counter of
/// stock; no line, no limit but one, no events, no deadlines, nothing that could be replayed.
class PlainReservation {
 public:
  explicit PlainReservation(std::int64_t stock) : stock_(stock) {}

  bool buy(const sale::Buy& buy) {
    const std::scoped_lock lock(mutex_);
    std::string request = buy.buyer.value() + '/' + buy.key.value();
    if (by_request_.contains(request)) return true;
    if (stock_ == 0 || buyers_.contains(buy.buyer.value())) return false;
    --stock_;
    by_request_.emplace(std::move(request), orders_.size());
    buyers_.insert(buy.buyer.value());
    orders_.push_back({buy.buyer.value(), buy.order, buy.arrival});
    return true;
  }

 private:
  struct Order {
    std::string buyer;
    OrderKey key;
    Arrival arrival;
  };
  std::mutex mutex_;
  std::int64_t stock_;
  std::vector<Order> orders_;
  std::unordered_map<std::string, std::size_t> by_request_;
  std::unordered_set<std::string> buyers_;
};

}  // namespace dibs::bench

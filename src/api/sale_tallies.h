#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/ids.h"
#include "sale/codes.h"

namespace dibs::api {

/// How many numbered buys of each sale were refused, by code, since the start: what the console
/// shows.
/// Thread-safe; a call holds a lock for one look-up. Grows with the sales that there are.
class SaleTallies {
 public:
  using Refusals = std::array<std::uint64_t, sale::kCodes.size()>;  ///< in the order of kCodes

  void refused(const SaleId& sale, sale::Code code);
  /// All 0 when none was.
  [[nodiscard]] Refusals refusals(const SaleId& sale) const;
  /// The sale is no more.
  void forget(const SaleId& sale);

 private:
  mutable std::mutex mutex_;  ///< guards refusals_; a leaf in the lock order
  std::unordered_map<SaleId, Refusals> refusals_;
};

}  // namespace dibs::api

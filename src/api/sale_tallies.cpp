#include "api/sale_tallies.h"

namespace dibs::api {

void SaleTallies::refused(const SaleId& sale, sale::Code code) {
  const std::lock_guard lock(mutex_);
  ++refusals_[sale].at(static_cast<std::size_t>(code) - 1);
}

SaleTallies::Refusals SaleTallies::refusals(const SaleId& sale) const {
  const std::lock_guard lock(mutex_);
  const auto found = refusals_.find(sale);
  return found == refusals_.end() ? Refusals{} : found->second;
}

void SaleTallies::forget(const SaleId& sale) {
  const std::lock_guard lock(mutex_);
  refusals_.erase(sale);
}

}  // namespace dibs::api

#pragma once

#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "base/ids.h"
#include "sale/sale.h"

namespace dibs::store {

/// The newest durable view of every sale. Any thread may read; the committer writes.
class Views {
 public:
  [[nodiscard]] std::shared_ptr<const sale::SaleView> find(const SaleId& sale) const {
    const std::shared_lock lock(mutex_);
    const auto it = views_.find(sale);
    return it == views_.end() ? nullptr : it->second;
  }
  /// A view without a spec is that of a removed sale.
  void set(std::shared_ptr<const sale::SaleView> view) {
    const std::unique_lock lock(mutex_);
    if (view->spec) {
      views_[view->id] = std::move(view);
    } else {
      views_.erase(view->id);
    }
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<SaleId, std::shared_ptr<const sale::SaleView>> views_;
};

}  // namespace dibs::store

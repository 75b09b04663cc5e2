#pragma once

#include <vector>

#include "redis/store_impl.h"

namespace dibs::redis {

/// What one call of a sale carries.
struct Store::Impl::Batch {
  std::vector<SaleRequestPtr> requests;
  std::vector<const sale::Command*> commands;
  bool steps = false;  ///< `apply`; otherwise `look`
};

}  // namespace dibs::redis

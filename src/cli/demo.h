#pragma once

#include <string>

#include "api/api.h"
#include "base/time.h"
#include "store/sale_store.h"

namespace dibs::cli {

/// The sale that the demo makes for itself.
inline constexpr const char* kDemoSale = "demo";

/// When no operator is configured, makes one named `demo` with a random token and returns the
/// token; an empty text when there is one already.
std::string ensure_demo_operator(api::Options& options);

/// Puts the demo's sale of ten units, open after `opens_in`, unless it is there. Returns when that
/// is durable or refused.
void put_demo_sale(store::SaleStore& store, Duration opens_in);

}  // namespace dibs::cli

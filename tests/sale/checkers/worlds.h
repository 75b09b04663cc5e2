#pragma once

#include "sale/checkers/search.h"

namespace dibs::sale::checkers {

/// One SKU with `units` units, baskets of 1 to 3, 3 units a buyer, two people in the line.
[[nodiscard]] SmallWorld one_item(std::int64_t units, int depth);
/// Two SKUs with 2 and 1 units, wanted alone and together.
[[nodiscard]] SmallWorld two_items(int depth);

}  // namespace dibs::sale::checkers

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sale/order.h"
#include "sale/spec.h"

namespace dibs::sale::checkers {

/// A small world to search: a sale, who may buy what, and how deep to look.
struct SmallWorld {
  SaleSpec spec;
  int buyers = 4;
  std::vector<std::vector<OrderLine>> baskets;  ///< what a buyer may ask for
  int depth = 5;
};

struct SearchResult {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::optional<std::string> broken;  ///< the law, and the commands that led there
};

/// Tries every interleaving of buy, begin, pay, fail, late pay, cancel, the passing of time,
/// restock, pause, resume and close up to `depth` commands, and has the Onlooker judge each one.
/// States that differ only in who the buyers are, in absolute time, or in orders to which nothing
/// more can happen are looked at once. Stops at the first broken law.
[[nodiscard]] SearchResult search(const SmallWorld& world);

}  // namespace dibs::sale::checkers

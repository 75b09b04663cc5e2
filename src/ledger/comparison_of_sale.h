#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/comparison.h"
#include "ledger/fold.h"
#include "ledger/tables.h"
#include "sale/sale.h"

/// One sale of the store against its rows.
namespace dibs::ledger {

/// Beyond the first hundred, more differences say nothing new.
struct Differences {
  std::vector<Difference> kept;
  std::uint64_t found = 0;

  void add(const SaleId& sale, std::string words);
};

/// `view`: nothing when the store has no such sale any more. `state`: what the row must say where
/// it is not the view's own state.
void compare_sale(const SaleId& id, const std::optional<sale::SaleView>& view,
                  std::string_view state, const SaleFold& rows, Differences& differences);

/// Order by order; how many the store has.
[[nodiscard]] Result<std::uint64_t> compare_orders(const SaleId& id, const sale::Sale& sale,
                                                   Tables& tables, Differences& differences);

}  // namespace dibs::ledger

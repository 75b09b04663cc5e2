#pragma once

#include <vector>

#include "sale/sale.h"
#include "sale/state.h"

namespace dibs::sale {

/// Copies of parts of a state, for those outside.
[[nodiscard]] OrderView view_of(const State& state, const SaleId& id, OrderIndex order);
[[nodiscard]] SaleView view_of(const State& state, const SaleId& id);
/// The orders of `buyer` that count towards the limit, in order of arrival.
[[nodiscard]] std::vector<OrderView> live_orders_of(const State& state, const SaleId& id,
                                                    BuyerIndex buyer);
[[nodiscard]] std::vector<OrderView> orders_of(const State& state, const SaleId& id,
                                               const Sale::OrderFilter& filter);

}  // namespace dibs::sale

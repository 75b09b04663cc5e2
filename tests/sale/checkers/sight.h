#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sale/command.h"
#include "sale/order.h"
#include "sale/sale.h"

namespace dibs::sale::checkers {

/// What can be seen of a sale from outside at one moment.
struct Sight {
  SaleView sale;
  std::vector<OrderView> orders;  ///< in order of arrival
};
[[nodiscard]] Sight look_at(const Sale& sale);

[[nodiscard]] bool has_hold(const OrderView& order);
[[nodiscard]] bool has_units(const OrderView& order);
/// Whether its units count towards the limit.
[[nodiscard]] bool is_counted(const OrderView& order);
/// For a person.
[[nodiscard]] std::string name(const OrderView& order);
/// The order that a command names, if it names one.
[[nodiscard]] std::optional<OrderKey> named_by(const Command* command);

}  // namespace dibs::sale::checkers

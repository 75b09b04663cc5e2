#include "sale/checkers/sight.h"

#include <variant>

namespace dibs::sale::checkers {

Sight look_at(const Sale& sale) {
  Sight sight;
  sight.sale = sale.view();
  Sale::OrderFilter all;
  all.limit = SIZE_MAX;
  sight.orders = sale.orders(all);
  return sight;
}

bool has_hold(const OrderView& o) {
  return o.state == OrderState::held || o.state == OrderState::paying;
}

bool has_units(const OrderView& o) { return has_hold(o) || o.state == OrderState::paid; }

bool is_counted(const OrderView& o) {
  const bool given_back = o.money == Money::refund_due || o.money == Money::refunded;
  return o.state == OrderState::waiting || (has_units(o) && !given_back);
}

std::string name(const OrderView& o) {
  return "order " + std::to_string(o.arrival.value()) + " (" + std::string(to_text(o.state)) + ")";
}

std::optional<OrderKey> named_by(const Command* command) {
  if (command == nullptr) return std::nullopt;
  return std::visit(
      [](const auto& action) -> std::optional<OrderKey> {
        if constexpr (requires { OrderKey(action.order); }) {
          return action.order;
        } else {
          return std::nullopt;
        }
      },
      command->action);
}

}  // namespace dibs::sale::checkers

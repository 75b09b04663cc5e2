#include "sale/event.h"

#include <type_traits>

namespace dibs::sale {
namespace {

struct TypeOf {
  std::string_view operator()(const Created&) const { return "dibs.sale.created"; }
  std::string_view operator()(const Changed&) const { return "dibs.sale.changed"; }
  std::string_view operator()(const Opened&) const { return "dibs.sale.opened"; }
  std::string_view operator()(const Paused&) const { return "dibs.sale.paused"; }
  std::string_view operator()(const Resumed&) const { return "dibs.sale.resumed"; }
  std::string_view operator()(const Closed&) const { return "dibs.sale.closed"; }
  std::string_view operator()(const StockChanged&) const { return "dibs.sale.stock_changed"; }
  std::string_view operator()(const LineEnded&) const { return "dibs.sale.line_ended"; }
  std::string_view operator()(const LineShut&) const { return "dibs.sale.line_shut"; }
  std::string_view operator()(const LineReopened&) const { return "dibs.sale.line_reopened"; }
  std::string_view operator()(const Removed&) const { return "dibs.sale.removed"; }
  std::string_view operator()(const Archived&) const { return "dibs.sale.archived"; }
  std::string_view operator()(const Accepted& fact) const {
    if (fact.state == OrderState::waiting) return "dibs.order.waiting";
    return fact.state == OrderState::paid ? "dibs.order.paid" : "dibs.order.held";
  }
  std::string_view operator()(const Promoted&) const { return "dibs.order.promoted"; }
  std::string_view operator()(const Paying&) const { return "dibs.order.paying"; }
  std::string_view operator()(const Declined&) const { return "dibs.order.declined"; }
  std::string_view operator()(const Paid&) const { return "dibs.order.paid"; }
  std::string_view operator()(const MoneyMoved& fact) const {
    if (fact.money == Money::refunded) return "dibs.order.refunded";
    return fact.money == Money::voided ? "dibs.order.voided" : "dibs.order.captured";
  }
  std::string_view operator()(const RefundDue&) const { return "dibs.order.refund_due"; }
  std::string_view operator()(const Released&) const { return "dibs.order.released"; }
  std::string_view operator()(const EndedSoldOut&) const { return "dibs.order.sold_out"; }
};

}  // namespace

std::string_view type_of(const Event& event) { return std::visit(TypeOf{}, event.fact); }

std::optional<OrderRef> order_of(const Event& event) {
  return std::visit(
      [](const auto& fact) -> std::optional<OrderRef> {
        if constexpr (requires { fact.order; }) {
          return fact.order;
        } else {
          return std::nullopt;
        }
      },
      event.fact);
}

}  // namespace dibs::sale

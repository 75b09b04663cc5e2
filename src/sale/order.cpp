#include "sale/order.h"

namespace dibs::sale {

std::string_view to_text(OrderState state) {
  switch (state) {
    case OrderState::waiting:
      return "waiting";
    case OrderState::held:
      return "held";
    case OrderState::paying:
      return "paying";
    case OrderState::paid:
      return "paid";
    case OrderState::released:
      return "released";
    case OrderState::sold_out:
      return "sold_out";
    case OrderState::closed:
      return "closed";
  }
  return {};
}

std::string_view to_text(Money money) {
  switch (money) {
    case Money::none:
      return "none";
    case Money::authorised:
      return "authorised";
    case Money::captured:
      return "captured";
    case Money::voided:
      return "void";
    case Money::refund_due:
      return "refund_due";
    case Money::refunded:
      return "refunded";
  }
  return {};
}

std::string_view to_text(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::cancelled:
      return "cancelled";
    case Reason::expired:
      return "expired";
    case Reason::payment_failed:
      return "payment_failed";
    case Reason::capture_failed:
      return "capture_failed";
    case Reason::refunded:
      return "refunded";
  }
  return {};
}

}  // namespace dibs::sale

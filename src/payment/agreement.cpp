#include "payment/agreement.h"

#include <map>

namespace dibs::payment {
namespace {

using Status = Intent::Status;
using Where = OrderMoney::Where;

/// What the provider has of one order.
struct Held {
  int reserved = 0;
  int taken = 0;
  int returned = 0;
};

std::string what_is_wrong(const OrderMoney& order, const Held& held) {
  const int in_all = held.reserved + held.taken + held.returned;
  const auto only = [in_all](int count) { return count == 1 && in_all == 1; };
  switch (order.where) {
    case Where::none:
      if (order.paying && in_all <= 1 && held.reserved == in_all) return {};
      if (in_all == 0) return {};
      return held.taken > 0 ? "the provider has taken money for an order that is not paid"
                            : "the provider holds money reserved that nobody will take";
    case Where::authorised:
      return only(held.reserved) || only(held.taken) ? "" : "paid, and nothing is reserved for it";
    case Where::captured:
      return only(held.taken) ? "" : "paid, but the provider has not taken its money exactly once";
    case Where::refund_due:
      return only(held.taken) || only(held.returned)
                 ? ""
                 : "a refund is due, but there is not exactly one payment to refund";
    case Where::refunded:
      return only(held.returned) ? "" : "refunded, but the provider has not given it back once";
  }
  return {};
}

}  // namespace

std::vector<std::string> differences(std::span<const OrderMoney> orders,
                                     std::span<const Intent> intents) {
  std::vector<std::string> found;
  std::map<std::string_view, const OrderMoney*> known;
  std::map<std::string_view, Held> held;
  for (const OrderMoney& order : orders) known.emplace(order.order, &order);
  for (const Intent& intent : intents) {
    const bool moves = intent.status == Status::requires_capture ||
                       intent.status == Status::captured || intent.status == Status::refunded;
    if (!moves) continue;
    const auto order = known.find(intent.order);
    if (order == known.end()) {
      found.push_back(intent.order + ": the provider has " + std::string(to_text(intent.status)) +
                      " money for an order that there is not");
      continue;
    }
    if (intent.amount != order->second->amount || intent.currency != order->second->currency) {
      found.push_back(intent.order + ": the provider has " + std::to_string(intent.amount) + " " +
                      intent.currency + ", the order is of " +
                      std::to_string(order->second->amount) + " " + order->second->currency);
    }
    Held& of = held[intent.order];
    of.reserved += intent.status == Status::requires_capture ? 1 : 0;
    of.taken += intent.status == Status::captured ? 1 : 0;
    of.returned += intent.status == Status::refunded ? 1 : 0;
  }
  for (const OrderMoney& order : orders) {
    if (auto wrong = what_is_wrong(order, held[order.order]); !wrong.empty()) {
      found.push_back(order.order + ": " + wrong);
    }
  }
  return found;
}

}  // namespace dibs::payment

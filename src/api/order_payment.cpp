// Routes of paying an order and of getting the money back.
#include "api/body.h"
#include "api/core.h"
#include "api/order_answer.h"
#include "api/order_command.h"
#include "api/routes.h"

namespace dibs::api::orders {
namespace {

/// Who takes the money in the order's sale; it cannot change once there are orders.
std::optional<sale::PaymentMode> mode_of(const Core& core, const SaleId& sale) {
  const auto view = core.store.glance(sale);
  if (!view) return std::nullopt;
  return view->spec->payment;
}

/// For a call that this sale's way of payment does not have: 404 comes before that.
Job refuse_mode(Core& core, const Call& call, std::string detail) {
  return [&core, order = call.order, owner = call.owner(), stamp = call.request.stamp,
          detail = std::move(detail)](Answer answer) {
    find_order(core, stamp, order, owner, std::move(answer),
               [detail](Answer to, const sale::OrderView& /*found*/) {
                 to.refuse(problem(sale::Code::wrong_state, detail));
               });
  };
}

Job shop_step(Core& core, const Call& call, sale::Command::Action action) {
  if (mode_of(core, call.sale) != sale::PaymentMode::shop) {
    return refuse_mode(core, call, "The shop takes the money only where payment is shop.");
  }
  return submit(core, call, std::move(action));
}

Prepared bare_shop_step(Core& core, const Call& call, sale::Command::Action action) {
  Body body(call, true);
  if (body.parsed()) body.members().finish();
  if (body.complaint.any()) return std::unexpected(body.problem());
  return shop_step(core, call, std::move(action));
}

/// What the provider has to give back. Where the shop takes the money, or nobody, the rules have
/// noted it as gone already: nobody else would report it.
void give_back(Core& core, const sale::OrderView& order) {
  if (order.money == sale::Money::refund_due && core.provider != nullptr) {
    core.payments.pay_back(order.id);
  }
}

}  // namespace

Prepared pay(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  members.require("token");
  const auto token = members.text("token");
  members.finish();
  if (token && core.provider != nullptr && !core.provider->accepts(*token)) {
    members.note("token", "is not one of the payment provider's");
  }
  if (body.complaint.any()) return std::unexpected(body.problem());
  if (mode_of(core, call.sale) != sale::PaymentMode::provider) {
    return refuse_mode(core, call, "Dibs takes the money only where payment is provider.");
  }
  if (core.provider == nullptr) {
    return refuse_mode(core, call, "The sale wants a payment provider, and this server has none.");
  }
  return [&core, order = call.order, owner = call.owner(), stamp = call.request.stamp,
          token = std::string(*token)](Answer answer) mutable {
    core.payments.pay(std::move(order), std::move(owner), std::move(token), stamp,
                      std::move(answer));
  };
}

Prepared begin(Core& core, const Call& call) {
  return bare_shop_step(core, call, sale::BeginPayment{call.order.key});
}

Prepared confirm(Core& core, const Call& call) {
  return bare_shop_step(core, call, sale::PaymentSucceeded{call.order.key, true});
}

Prepared release(Core& core, const Call& call) {
  Body body(call, true);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  const auto reason = members.text("reason");
  members.finish();
  if (reason && *reason != "payment_failed" && *reason != "cancelled") {
    members.note("reason", "must be payment_failed or cancelled");
  }
  if (body.complaint.any()) return std::unexpected(body.problem());
  const bool cancelled = reason && *reason == "cancelled";
  return shop_step(core, call,
                   sale::Release{call.order.key, cancelled ? sale::Reason::cancelled
                                                           : sale::Reason::payment_failed});
}

Prepared refund(Core& core, const Call& call) {
  Body body(call, true);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  const bool restock = members.boolean("restock").value_or(false);
  members.finish();
  if (body.complaint.any()) return std::unexpected(body.problem());
  return [&core, order = call.order, stamp = call.request.stamp,
          command =
              command_of(call, sale::Refund{call.order.key, restock})](Answer answer) mutable {
    core.store.submit(stamp, order.sale, std::move(command),
                      [&core, answer = std::move(answer)](Result<sale::Outcome> result) mutable {
                        answer_outcome(core, answer, 202, result);
                        if (result && result->code == sale::Code::ok)
                          give_back(core, *result->order);
                      });
  };
}

}  // namespace dibs::api::orders

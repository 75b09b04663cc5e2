#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "api/answer.h"
#include "api/gate.h"
#include "base/ids.h"
#include "payment/provider.h"
#include "sale/command.h"
#include "sale/order.h"
#include "sale/sale.h"

namespace dibs::api {

struct Core;

/// One attempt to pay on its way.
struct PaymentRun {
  OrderId order;
  std::string token;
  std::optional<Answer> answer;  ///< until it is used
};

/// The provider's idempotency key of the attempt that `order`, which is paying, is in: `ORDER:SEQ`
/// with the seq of the event that began it. Asked again after a crash, the provider sees the same.
[[nodiscard]] std::string attempt_key(const sale::OrderView& order);

/// Leads orders through the provider: begin in the sale, authorise at the provider, `paid` in the
/// sale, capture at the provider, captured in the sale. What the sale no longer wants is voided.
///
/// At most one run an order at a time. A run that a crash cut short is taken up when the server
/// starts: from the sale's side (what is paying, paid and not captured, to be refunded) and from
/// the provider's (what it holds reserved), and the latter again and again while the server runs.
/// Any thread; the continuation of a run is called on the store's and the provider's threads.
class Payments {
 public:
  explicit Payments(Core& core) : core_(core) {}

  /// Pays `order`; `owner` empty: whoever's it is. Answers 200 where the provider answers at once,
  /// else 202 once the order is `paying`. While a run is on, answers with the order as it is.
  void pay(OrderId order, BuyerId owner, std::string token, Stamp stamp, Answer answer);
  /// Gives the money of a `refund_due` order back and notes it; asks again until it is given.
  void pay_back(OrderId order);
  /// Takes up what an earlier process left. Returns at once; once.
  void take_up();
  /// What a webhook said, found authentic and to fit its order.
  void hear(const payment::Told& told);
  /// From now on what the provider says reaches nobody. Waits for what it is saying.
  void stop() { gate_->shut(); }

 private:
  using Run = std::shared_ptr<PaymentRun>;

  void begun(const Run& run, Result<sale::Outcome> result);
  void authorised(const Run& run);
  void declined(const Run& run);
  void capture(const Run& run, const sale::OrderView& order);
  void captured(const Run& run, bool done);
  void void_authorisation(const Run& run, sale::Outcome why);
  void finish(const Run& run, const sale::Outcome& outcome);
  void refuse_closed(const Run& run, Duration closed_for);

  // Taking up: payments_taken_up.cpp.
  void take_up_sales();
  void take_up_sale(const SaleId& sale, sale::OrderState state, Arrival after);
  void take_up_order(const sale::OrderView& order);
  void take_up_open();
  /// After a pause, when the store could not say or time has to pass.
  void later(std::move_only_function<void()> task);
  void take_up_open_payment(const payment::OpenPayment& open);
  void settle(const Run& run, const payment::OpenPayment& open, const sale::OrderView& order);
  void show(OrderId order, BuyerId owner, Stamp stamp, Answer answer);
  /// Submits until the store has taken it: what the provider has done must reach the sale.
  void tell(sale::Command::Action action, const OrderId& order,
            std::move_only_function<void(sale::Outcome)> then, Duration pause);

  /// Sees to an order as it now is in the store: of a run that is over, or of an earlier process.
  void look_at(const OrderId& order);

  bool start(const OrderId& order);
  /// The same; where a run is on, the order is looked at again when it ends.
  bool start_or_look_later(const OrderId& order);
  void end(const OrderId& order);

  Core& core_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();  ///< the provider outlives us
  std::mutex mutex_;
  std::map<OrderId, bool> running_;  ///< to be looked at when it ends; guarded by mutex_
  std::set<OrderId> refunding_;      ///< guarded by mutex_
};

}  // namespace dibs::api

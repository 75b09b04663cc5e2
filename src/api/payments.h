#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
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
struct PaymentRun;

/// Leads orders through the provider: begin in the sale, authorise at the provider, `paid` in the
/// sale, capture at the provider, captured in the sale. What the sale no longer wants is voided.
///
/// At most one run an order at a time. A run that a crash cut short is taken up by the next payment
/// call, with the same key at the provider, or ended by the hold's deadline.
/// Any thread; the continuation of a run is called on the store's and the provider's threads.
class Payments {
 public:
  explicit Payments(Core& core) : core_(core) {}

  /// Pays `order`; `owner` empty: whoever's it is. Answers 200 where the provider answers at once,
  /// else 202 once the order is `paying`. While a run is on, answers with the order as it is.
  void pay(OrderId order, BuyerId owner, std::string token, Stamp stamp, Answer answer);
  /// Gives the money of a `refund_due` order back and notes it; asks again until it is given.
  void pay_back(OrderId order);
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
  void show(OrderId order, BuyerId owner, Stamp stamp, Answer answer);
  /// Submits until the store has taken it: what the provider has done must reach the sale.
  void tell(sale::Command::Action action, const OrderId& order,
            std::move_only_function<void(sale::Outcome)> then, Duration pause);

  bool start(const OrderId& order);
  void end(const OrderId& order);

  Core& core_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();  ///< the provider outlives us
  std::mutex mutex_;
  std::set<OrderId> running_;  ///< guarded by mutex_
};

}  // namespace dibs::api

// Payments that a crash cut short between two steps: what the sale says is not settled, and what
// the provider still holds reserved. Each of the steps may be repeated, so that taking up one that
// had been done changes nothing.
#include "api/core.h"
#include "api/payments.h"

namespace dibs::api {
namespace {

constexpr Duration kPause = std::chrono::seconds(10);
constexpr std::size_t kPage = 500;

}  // namespace

void Payments::take_up() {
  if (core_.provider == nullptr) return;
  take_up_sales();
  take_up_open();
}

void Payments::take_up_sales() {
  core_.store.list_sales(core_.stamp(),
                         Gate::guard(gate_, [this](Result<std::vector<sale::SaleView>> sales) {
                           if (!sales) return later([this] { take_up_sales(); });
                           for (const sale::SaleView& sale : *sales) {
                             if (sale.spec->payment != sale::PaymentMode::provider) continue;
                             using enum sale::OrderState;
                             for (const auto state : {paying, paid, released})
                               take_up_sale(sale.id, state, {});
                           }
                         }));
}

void Payments::take_up_sale(const SaleId& sale, sale::OrderState state, Arrival after) {
  sale::Sale::OrderFilter filter;
  filter.state = state;
  filter.after = after;
  filter.limit = kPage;
  core_.store.list_orders(
      core_.stamp(), sale, std::move(filter),
      Gate::guard(gate_, [this, sale, state, after](Result<std::vector<sale::OrderView>> orders) {
        if (!orders) {
          return later([this, sale, state, after] { take_up_sale(sale, state, after); });
        }
        for (const sale::OrderView& order : *orders) take_up_order(order);
        if (orders->size() == kPage) take_up_sale(sale, state, orders->back().arrival);
      }));
}

void Payments::take_up_order(const sale::OrderView& order) {
  if (order.money == sale::Money::refund_due) return pay_back(order.id);
  const bool paying = order.state == sale::OrderState::paying;
  const bool not_taken =
      order.state == sale::OrderState::paid && order.money == sale::Money::authorised;
  // The run that is on may be of a buyer who presses again and is refused, and settle nothing.
  if ((!paying && !not_taken) || !start_or_look_later(order.id)) return;
  const auto run =
      std::make_shared<PaymentRun>(PaymentRun{.order = order.id, .token = {}, .answer = {}});
  if (not_taken) return capture(run, order);
  core_.provider->look_up(attempt_key(order),
                          Gate::guard(gate_, [this, run](std::optional<payment::Verdict> verdict) {
                            // Not known there: the buyer may pay again until the deadline, with the
                            // same key.
                            if (!verdict) return end(run->order);
                            if (*verdict == payment::Verdict::authorised) return authorised(run);
                            declined(run);
                          }));
}

void Payments::take_up_open() {
  core_.provider->open_payments(
      Gate::guard(gate_, [this](const std::vector<payment::OpenPayment>& open) {
        for (const payment::OpenPayment& one : open) take_up_open_payment(one);
      }));
  later([this] { take_up_open(); });
}

void Payments::take_up_open_payment(const payment::OpenPayment& open) {
  // A provider may serve other servers too: what is of no sale of ours is left alone.
  if (!core_.store.glance(open.order.sale) || !start(open.order)) return;
  const auto run =
      std::make_shared<PaymentRun>(PaymentRun{.order = open.order, .token = {}, .answer = {}});
  core_.store.find_order(
      core_.stamp(), open.order,
      Gate::guard(gate_, [this, run, open](Result<std::optional<sale::OrderView>> found) {
        if (!found || !*found) return end(run->order);
        settle(run, open, **found);
      }));
}

/// What becomes of money that is reserved and that nobody here is dealing with.
void Payments::settle(const Run& run, const payment::OpenPayment& open,
                      const sale::OrderView& order) {
  const auto view = core_.store.glance(order.id.sale);
  const bool fits = open.amount == order.amount && view && open.currency == view->spec->currency;
  const bool was_paying = order.state == sale::OrderState::paying ||
                          order.state == sale::OrderState::paid ||
                          order.state == sale::OrderState::released;
  if (fits && was_paying) return authorised(run);
  sale::Outcome nothing;
  void_authorisation(run, std::move(nothing));
}

void Payments::hear(const payment::Told& told) {
  if (core_.provider->hear(told)) return;
  // No attempt waits for it: one that an earlier process began, or one that is decided.
  look_at(told.order);
}

void Payments::look_at(const OrderId& order) {
  core_.store.find_order(
      core_.stamp(), order,
      Gate::guard(gate_, [this, order](Result<std::optional<sale::OrderView>> found) {
        if (!found) return later([this, order] { look_at(order); });
        if (*found) take_up_order(**found);
      }));
}

void Payments::later(std::move_only_function<void()> task) {
  core_.worker.at(core_.clock.monotonic() + kPause, std::move(task));
}

}  // namespace dibs::api

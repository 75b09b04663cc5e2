#include "api/payments.h"

#include "api/core.h"
#include "api/order_answer.h"

namespace dibs::api {

namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(50);
constexpr Duration kLongestPause = std::chrono::seconds(5);

void refuse(const std::shared_ptr<PaymentRun>& run, const Problem& problem) {
  if (run->answer) run->answer->refuse(problem);
  run->answer.reset();
}

}  // namespace

std::string attempt_key(const sale::OrderView& order) {
  return to_text(order.id) + ":" + std::to_string(order.seq.value());
}

bool Payments::start(const OrderId& order) {
  const std::lock_guard lock(mutex_);
  return running_.emplace(order, false).second;
}

bool Payments::start_or_look_later(const OrderId& order) {
  const std::lock_guard lock(mutex_);
  const auto [running, started] = running_.emplace(order, false);
  if (!started) running->second = true;
  return started;
}

void Payments::end(const OrderId& order) {
  bool look = false;
  {
    const std::lock_guard lock(mutex_);
    const auto over = running_.extract(order);
    look = over && over.mapped();
  }
  if (look) look_at(order);
}

void Payments::pay(OrderId order, BuyerId owner, std::string token, Stamp stamp, Answer answer) {
  if (!start(order)) return show(std::move(order), std::move(owner), stamp, std::move(answer));
  auto run = std::make_shared<PaymentRun>(
      PaymentRun{.order = order, .token = std::move(token), .answer = std::move(answer)});
  if (const auto closed = core_.provider->closed_for()) return refuse_closed(run, *closed);
  core_.store.submit(stamp, order.sale, {sale::BeginPayment{order.key}, {}, std::move(owner)},
                     [this, run](Result<sale::Outcome> result) { begun(run, std::move(result)); });
}

/// The provider is down: nothing is begun, so the buyer's time and attempts are not used up.
void Payments::refuse_closed(const Run& run, Duration closed_for) {
  end(run->order);
  Problem refused = problem(sale::Code::unavailable,
                            "The payment provider does not answer; nothing was begun. Try again "
                            "after Retry-After, the units are kept until expires_at.");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(closed_for).count();
  refused.headers = {{"Retry-After", std::to_string(seconds)}};
  refuse(run, refused);
}

/// The running attempt, as its order is now.
void Payments::show(OrderId order, BuyerId owner, Stamp stamp, Answer answer) {
  find_order(core_, stamp, order, std::move(owner), std::move(answer),
             [this](Answer to, const sale::OrderView& found) {
               const bool paying = found.state == sale::OrderState::paying;
               answer_order(core_, to, paying ? 202 : 200, found);
             });
}

void Payments::begun(const Run& run, Result<sale::Outcome> result) {
  if (!result || result->code != sale::Code::ok) {
    end(run->order);
    return refuse(run,
                  result ? problem_of_order(core_, *result) : problem_of(result.error(), true));
  }
  const sale::OrderView& order = *result->order;
  if (!core_.provider->answers_at_once(run->token)) {
    answer_order(core_, *run->answer, 202, order);
    run->answer.reset();
  }
  const auto view = core_.store.glance(order.id.sale);
  const payment::Attempt attempt{.order = order.id,
                                 .amount = order.amount,
                                 .currency = view ? view->spec->currency : std::string(),
                                 .token = run->token,
                                 .key = attempt_key(order)};
  core_.provider->authorise(attempt, Gate::guard(gate_, [this, run](payment::Verdict verdict) {
                              if (verdict == payment::Verdict::authorised) return authorised(run);
                              declined(run);
                            }));
}

void Payments::authorised(const Run& run) {
  core_.metrics.paid(Metrics::Verdict::authorised);
  tell(
      sale::PaymentSucceeded{run->order.key, false}, run->order,
      [this, run](sale::Outcome outcome) {
        const bool paid = outcome.code == sale::Code::ok && outcome.order &&
                          outcome.order->state == sale::OrderState::paid;
        if (!paid) return void_authorisation(run, std::move(outcome));
        capture(run, *outcome.order);
      },
      kFirstPause);
}

void Payments::declined(const Run& run) {
  core_.metrics.paid(Metrics::Verdict::declined);
  tell(
      sale::PaymentFailed{run->order.key}, run->order,
      [this, run](sale::Outcome outcome) { finish(run, outcome); }, kFirstPause);
}

void Payments::capture(const Run& run, const sale::OrderView& order) {
  core_.provider->capture(order.id, order.amount,
                          Gate::guard(gate_, [this, run](bool done) { captured(run, done); }));
}

void Payments::captured(const Run& run, bool done) {
  if (!done) core_.metrics.paid(Metrics::Verdict::capture_refused);
  tell(
      sale::CaptureSettled{run->order.key, done}, run->order,
      [this, run](sale::Outcome outcome) { finish(run, outcome); }, kFirstPause);
}

/// The sale does not want the money: the hold is gone, or the buyer left meanwhile.
void Payments::void_authorisation(const Run& run, sale::Outcome why) {
  core_.metrics.paid(Metrics::Verdict::voided);
  core_.provider->void_authorisation(
      run->order,
      Gate::guard(gate_, [this, run, why = std::move(why)](bool /*done*/) { finish(run, why); }));
}

void Payments::finish(const Run& run, const sale::Outcome& outcome) {
  end(run->order);
  if (!run->answer) return;
  if (outcome.code != sale::Code::ok) return refuse(run, problem_of_order(core_, outcome));
  answer_order(core_, *run->answer, 200, *outcome.order);
  run->answer.reset();
}

void Payments::tell(sale::Command::Action action, const OrderId& order,
                    std::move_only_function<void(sale::Outcome)> then, Duration pause) {
  sale::Command command{action, {}, {}};
  core_.store.submit(core_.stamp(), order.sale, std::move(command),
                     [this, action = std::move(action), order, then = std::move(then),
                      pause](Result<sale::Outcome> result) mutable {
                       // A sale that has stopped goes on some day, and then it must hear of it.
                       const bool told = result && result->code != sale::Code::fenced;
                       if (told) return then(std::move(*result));
                       const auto when = core_.clock.monotonic() + pause;
                       core_.worker.at(when, [this, action = std::move(action), order,
                                              then = std::move(then), pause]() mutable {
                         tell(std::move(action), order, std::move(then),
                              std::min(pause * 2, kLongestPause));
                       });
                     });
}

void Payments::pay_back(OrderId order) {
  {
    const std::lock_guard lock(mutex_);
    if (!refunding_.insert(order).second) return;
  }
  core_.provider->refund(order, Gate::guard(gate_, [this, order](bool done) {
                           {
                             const std::lock_guard lock(mutex_);
                             refunding_.erase(order);
                           }
                           if (done) {
                             return tell(
                                 sale::RefundSettled{order.key}, order,
                                 [](sale::Outcome /*outcome*/) {}, kFirstPause);
                           }
                           core_.worker.at(core_.clock.monotonic() + kLongestPause,
                                           [this, order] { pay_back(order); });
                         }));
}

}  // namespace dibs::api

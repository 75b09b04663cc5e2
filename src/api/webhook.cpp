// The route by which the payment provider tells what became of a payment. Its signature is the
// credential; what it says is held against the order before anything is believed.
#include "api/core.h"
#include "api/order_answer.h"
#include "api/routes.h"
#include "api/strangers.h"
#include "payment/wire.h"
#include "webhook/signature.h"

namespace dibs::api::payments {
namespace {

constexpr const char* kTaken = R"({"status":"taken"})";
constexpr const char* kKnown = R"({"status":"known"})";

webhook::Signature signature_of(const http::Request& request) {
  const auto header = [&](std::string_view name) {
    return std::string(request.header(name).value_or(""));
  };
  return {header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")};
}

std::optional<Problem> refused(const Core& core, const webhook::Signature& signature,
                               std::string_view body) {
  using enum webhook::Check;
  switch (webhook::check(signature, body, core.clock.now(), core.options.webhook_secrets)) {
    case good:
      return std::nullopt;
    case malformed:
      return api::malformed(
          "it needs the headers webhook-id, webhook-timestamp and webhook-signature");
    case forged:
      return problem(sale::Code::unauthenticated,
                     "The signature fits none of the webhook secrets (--webhook-secret-file).");
    case stale:
      break;
  }
  return problem(sale::Code::unauthenticated,
                 "The webhook-timestamp is more than 300 seconds from our clock; send it again, "
                 "signed anew.");
}

std::optional<payment::Verdict> verdict_of(payment::Intent::Status status) {
  using enum payment::Intent::Status;
  if (status == requires_capture) return payment::Verdict::authorised;
  if (status == declined) return payment::Verdict::declined;
  return std::nullopt;
}

/// What the event says that the order does not; empty: it fits.
std::string misfit(const Core& core, const payment::Told& told, const sale::OrderView& order) {
  const auto view = core.store.glance(order.id.sale);
  if (told.amount != order.amount) return "data.amount is not the order's";
  if (!view || told.currency != view->spec->currency) return "data.currency is not the sale's";
  if (!told.key.starts_with(to_text(order.id) + ":")) return "data.attempt is not the order's";
  return {};
}

/// Whose order an authentic event is about, once it is found.
void judge(Core& core, Answer to, const payment::Told& told, const std::string& id,
           const sale::OrderView& order) {
  if (auto wrong = misfit(core, told, order); !wrong.empty()) {
    core.metrics.webhook(Metrics::Webhook::refused);
    return to.refuse(malformed(std::move(wrong)));
  }
  core.seen_events.add(id, core.clock.now());
  core.metrics.webhook(Metrics::Webhook::taken);
  if (core.provider != nullptr) core.payments.hear(told);
  to.json(200, kTaken);
}

void take(Core& core, Answer answer, const webhook::Signature& signature, const std::string& body,
          const Stamp& stamp, const IpAddress& network) {
  const auto refuse = [&](const Problem& problem) {
    core.metrics.webhook(Metrics::Webhook::refused);
    answer.refuse(problem);
  };
  if (auto wrong = refused(core, signature, body)) {
    return refuse(refused_credential(core, network, std::move(*wrong)));
  }
  if (core.seen_events.contains(signature.id, core.clock.now())) {
    core.metrics.webhook(Metrics::Webhook::known);
    return answer.json(200, kKnown);
  }
  const auto event = payment::parse_intent_event(body);
  if (!event) return refuse(malformed(event.error().what));
  const auto order = parse_order_id(event->intent.order);
  if (!order) return refuse(malformed("data.order is not an order id"));
  payment::Told told{.order = *order,
                     .key = event->intent.key,
                     .amount = event->intent.amount,
                     .currency = event->intent.currency,
                     .verdict = verdict_of(event->intent.status)};
  find_order(
      core, stamp, *order, {}, std::move(answer),
      [&core, told = std::move(told), id = signature.id](Answer to, const sale::OrderView& found) {
        judge(core, std::move(to), told, id, found);
      });
}

}  // namespace

Prepared webhook(Core& core, const Call& call) {
  return [&core, signature = signature_of(call.request), body = std::string(call.request.body),
          stamp = call.request.stamp, network = network_of(core, call.request)](Answer answer) {
    take(core, std::move(answer), signature, body, stamp, network);
  };
}

}  // namespace dibs::api::payments

#include "api/order_answer.h"

#include "api/core.h"
#include "api/views.h"

namespace dibs::api {
namespace {

std::string currency_of(const Core& core, const SaleId& sale) {
  const auto view = core.store.glance(sale);
  return view ? view->spec->currency : std::string();
}

/// `now` is the time that judged the request, before the opening, whenever it is answered. Both
/// waits are rounded up, so neither is 0: who waits that long is never early.
void add_opening(Problem& refused, Instant opens_at, Instant now) {
  const Duration rest = opens_at - now;
  JsonWriter json(refused.members);
  refused.members += ',';
  json.member("opens_at", to_rfc3339(opens_at)).member("server_time", to_rfc3339(now));
  json.member("opens_in_ms", std::chrono::ceil<std::chrono::milliseconds>(rest).count());
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(rest).count();
  refused.headers.emplace_back("Retry-After", std::to_string(seconds));
}

void add_live_orders(Problem& refused, const Core& core, const sale::Outcome& outcome) {
  refused.members += ',';
  JsonWriter json(refused.members);
  json.key("orders").begin_array();
  for (const auto& order : outcome.live_orders) {
    write_order(json, order, currency_of(core, order.id.sale));
  }
  json.end_array();
}

}  // namespace

std::string order_json(const Core& core, const sale::OrderView& order) {
  std::string body;
  body.reserve(512);
  JsonWriter json(body);
  write_order(json, order, currency_of(core, order.id.sale));
  return body;
}

std::string etag_of(const sale::OrderView& order) {
  std::string tag = "\"" + std::to_string(order.seq.value());
  if (order.position) tag += "." + std::to_string(*order.position);
  if (order.expires_at) tag += "." + std::to_string(to_ns(*order.expires_at));
  return tag + "\"";
}

void answer_order(const Core& core, Answer& answer, std::uint16_t status,
                  const sale::OrderView& order, Answer::Headers headers) {
  headers.emplace_back("ETag", etag_of(order));
  answer.json(status, order_json(core, order), std::move(headers));
}

Problem problem_of(const Core& core, const sale::Outcome& outcome) {
  Problem refused = problem(outcome.code, outcome.detail);
  if (sale::info(outcome.code).numbered) refused.arrival = outcome.arrival;
  if (outcome.code == sale::Code::not_open && outcome.opens_at) {
    add_opening(refused, *outcome.opens_at, outcome.now);
  }
  if (outcome.code == sale::Code::limit_reached) add_live_orders(refused, core, outcome);
  return refused;
}

Problem problem_of_order(const Core& core, const sale::Outcome& outcome) {
  if (outcome.code == sale::Code::unknown_sale) return problem(sale::Code::unknown_order);
  return problem_of(core, outcome);
}

void find_order(Core& core, const Stamp& stamp, const OrderId& order, BuyerId owner, Answer answer,
                OrderFound found) {
  core.store.find_order(
      stamp, order,
      [owner = std::move(owner), answer = std::move(answer),
       found = std::move(found)](Result<std::optional<sale::OrderView>> result) mutable {
        if (!result) return answer.refuse(problem_of(result.error(), false));
        const auto& view = *result;
        if (!view || (!owner.empty() && view->buyer != owner)) {
          return answer.refuse(problem(sale::Code::unknown_order));
        }
        found(std::move(answer), *view);
      });
}

}  // namespace dibs::api

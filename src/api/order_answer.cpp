#include "api/order_answer.h"

#include "api/core.h"
#include "api/views.h"

namespace dibs::api {
namespace {

std::string currency_of(const Core& core, const SaleId& sale) {
  const auto view = core.store.glance(sale);
  return view ? view->spec->currency : std::string();
}

/// Both are rounded up: who waits that long is never early.
void add_opening(Problem& refused, Instant opens_at, Instant now) {
  const Duration rest = std::max(opens_at - now, Duration(0));
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

void answer_order(const Core& core, Answer& answer, std::uint16_t status,
                  const sale::OrderView& order, Answer::Headers headers) {
  headers.emplace_back("ETag", "\"" + std::to_string(order.seq.value()) + "\"");
  answer.json(status, order_json(core, order), std::move(headers));
}

Problem problem_of(const Core& core, const sale::Outcome& outcome) {
  Problem refused = problem(outcome.code, outcome.detail);
  if (sale::info(outcome.code).numbered) refused.arrival = outcome.arrival;
  if (outcome.code == sale::Code::not_open && outcome.opens_at) {
    add_opening(refused, *outcome.opens_at, core.clock.now());
  }
  if (outcome.code == sale::Code::limit_reached) add_live_orders(refused, core, outcome);
  return refused;
}

}  // namespace dibs::api

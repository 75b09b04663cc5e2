// Routes that list: orders, numbered requests, one order's events.
#include <algorithm>
#include <array>

#include "api/core.h"
#include "api/csv.h"
#include "api/order_answer.h"
#include "api/routes.h"
#include "api/views.h"

namespace dibs::api::lists {
namespace {

constexpr std::uint64_t kLimitDefault = 100;
constexpr std::uint64_t kLimitMax = 1'000;  // about 400 KiB of JSON

/// A page of a list: what to skip and how much to give.
struct Paging {
  Arrival after;
  std::size_t limit = kLimitDefault;
};

std::expected<Paging, Problem> read_paging(const Query& query) {
  Paging paging;
  if (const auto text = query.get("after")) {
    const auto after = parse_number(*text, UINT64_MAX);
    if (!after) return std::unexpected(malformed("after must be an arrival number"));
    paging.after = Arrival(*after);
  }
  if (const auto text = query.get("limit")) {
    const auto limit = parse_number(*text, kLimitMax);
    if (!limit || *limit == 0) return std::unexpected(malformed("limit must be 1 to 1000"));
    paging.limit = *limit;
  }
  return paging;
}

std::expected<std::optional<BuyerId>, Problem> read_buyer(const Query& query) {
  const auto text = query.get("buyer");
  if (!text) return std::nullopt;
  if (!is_buyer_id(*text)) return std::unexpected(malformed("buyer is not a buyer id"));
  return BuyerId(std::string(*text));
}

std::optional<sale::OrderState> parse_state(std::string_view text) {
  using enum sale::OrderState;
  for (const auto state : {waiting, held, paying, paid, released, sold_out, closed}) {
    if (sale::to_text(state) == text) return state;
  }
  return std::nullopt;
}

std::expected<sale::Sale::OrderFilter, Problem> read_filter(const Call& call) {
  sale::Sale::OrderFilter filter;
  const auto paging = read_paging(call.query);
  if (!paging) return std::unexpected(paging.error());
  filter.after = paging->after;
  filter.limit = paging->limit;
  auto buyer = read_buyer(call.query);
  if (!buyer) return std::unexpected(buyer.error());
  filter.buyer = std::move(*buyer);
  if (const auto text = call.query.get("state")) {
    filter.state = parse_state(*text);
    if (!filter.state) return std::unexpected(malformed("state is not a state of an order"));
  }
  if (const auto text = call.query.get("reference")) {
    if (!is_short_visible_text(*text)) {
      return std::unexpected(malformed("reference must be 1 to 64 visible ASCII characters"));
    }
    filter.reference = Reference(std::string(*text));
  }
  return filter;
}

/// `Accept` names CSV and does not name JSON before it.
bool wants_csv(const http::Request& request) {
  const auto accept = request.header("Accept");
  if (!accept) return false;
  const auto csv = accept->find("text/csv");
  return csv != std::string_view::npos && csv < accept->find("application/json");
}

http::Response csv_response(std::string body) {
  http::Response response;
  response.content_type = "text/csv; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

/// `next_after`: what to give as `after` for the next page; null when this was the last.
void write_next(JsonWriter& json, std::size_t got, std::size_t limit, Arrival last) {
  json.key("next_after");
  if (got == limit) {
    json.number(last.value());
  } else {
    json.null();
  }
}

std::string orders_json(std::span<const sale::OrderView> orders, std::string_view currency,
                        std::size_t limit) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("orders").begin_array();
  for (const auto& order : orders) write_order(json, order, currency);
  json.end_array();
  write_next(json, orders.size(), limit, orders.empty() ? Arrival{} : orders.back().arrival);
  json.end_object();
  return body;
}

std::string arrivals_json(const SaleId& sale, std::span<const store::ArrivalRecord> records,
                          std::size_t limit) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("arrivals").begin_array();
  for (const auto& record : records) write_arrival(json, sale, record);
  json.end_array();
  write_next(json, records.size(), limit, records.empty() ? Arrival{} : records.back().arrival);
  json.end_object();
  return body;
}

std::string history_json(std::span<const sale::Event> events, bool test) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("events").begin_array();
  for (const auto& event : events) write_event(json, event, test);
  json.end_array().end_object();
  return body;
}

}  // namespace

Prepared orders(Core& core, const Call& call) {
  auto filter = read_filter(call);
  if (!filter) return std::unexpected(std::move(filter.error()));
  // Who acts for one buyer sees that buyer's orders, whatever the query says.
  const bool others = filter->buyer && !call.who.buyer.empty() && *filter->buyer != call.who.buyer;
  if (!call.who.buyer.empty()) filter->buyer = call.who.buyer;
  return [&core, sale = call.sale, stamp = call.request.stamp, filter = std::move(*filter), others,
          csv = wants_csv(call.request)](Answer answer) {
    const auto view = core.store.glance(sale);
    if (others) return answer.refuse(problem(sale::Code::forbidden));
    if (!view) return answer.refuse(problem(sale::Code::unknown_sale));
    core.store.list_orders(stamp, sale, filter,
                           [view, csv, limit = filter.limit, answer = std::move(answer)](
                               Result<std::vector<sale::OrderView>> result) mutable {
                             if (!result) return answer.refuse(problem_of(result.error(), false));
                             const std::string_view currency = view->spec->currency;
                             if (csv)
                               return answer.send(csv_response(orders_csv(*result, currency)));
                             answer.json(200, orders_json(*result, currency, limit));
                           });
  };
}

Prepared arrivals(Core& core, const Call& call) {
  const auto paging = read_paging(call.query);
  if (!paging) return std::unexpected(paging.error());
  auto buyer = read_buyer(call.query);
  if (!buyer) return std::unexpected(buyer.error());
  store::ArrivalFilter filter{
      .buyer = std::move(*buyer), .after = paging->after, .limit = paging->limit};
  return [&core, sale = call.sale, filter = std::move(filter),
          csv = wants_csv(call.request)](Answer answer) {
    if (!core.store.glance(sale)) return answer.refuse(problem(sale::Code::unknown_sale));
    core.store.list_arrivals(sale, filter,
                             [sale, csv, limit = filter.limit, answer = std::move(answer)](
                                 Result<std::vector<store::ArrivalRecord>> result) mutable {
                               if (!result) return answer.refuse(problem_of(result.error(), false));
                               if (csv)
                                 return answer.send(csv_response(arrivals_csv(sale, *result)));
                               answer.json(200, arrivals_json(sale, *result, limit));
                             });
  };
}

Prepared history(Core& core, const Call& call) {
  return [&core, order = call.order, owner = call.owner(),
          stamp = call.request.stamp](Answer answer) {
    find_order(
        core, stamp, order, owner, std::move(answer),
        [&core, order](Answer to, const sale::OrderView& /*found*/) {
          const auto view = core.store.glance(order.sale);
          const bool test = view && view->spec->test;
          core.store.history(
              order, [test, to = std::move(to)](Result<std::vector<sale::Event>> result) mutable {
                if (!result && result.error().kind == FaultKind::not_found) {
                  // The order is there; what happened to it has been cut.
                  const Fault& cut = result.error();
                  return to.refuse(problem(sale::Code::unknown_order, cut.what + " " + cut.remedy));
                }
                if (!result) return to.refuse(problem_of(result.error(), false));
                to.json(200, history_json(*result, test));
              });
        });
  };
}

}  // namespace dibs::api::lists

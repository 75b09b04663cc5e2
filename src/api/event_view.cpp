#include <type_traits>

#include "api/notice.h"
#include "api/views.h"

namespace dibs::api {
namespace {

using sale::Event;

/// The members of each fact that tell something the event's type does not.
struct FactWriter {
  JsonWriter& json;

  void operator()(const sale::Accepted& fact) const {
    json.member("state", sale::to_text(fact.state)).member("buyer", fact.buyer.view());
    json.member("received_at", to_rfc3339(fact.received));
    if (!fact.reference.empty()) json.member("reference", fact.reference.view());
    json.key("items").begin_array();
    for (const auto& line : fact.lines) {
      json.begin_object().member("sku", line.sku.view()).member("quantity", line.quantity);
      json.member("price", line.price).end_object();
    }
    json.end_array();
    if (fact.expires_at) write_instant(json, "expires_at", fact.expires_at);
  }
  void operator()(const sale::Promoted& fact) const {
    json.member("state", sale::to_text(fact.state));
    if (fact.expires_at) write_instant(json, "expires_at", fact.expires_at);
  }
  void operator()(const sale::Paying& fact) const {
    json.member("attempt", fact.attempt);
    write_instant(json, "expires_at", fact.expires_at);
  }
  void operator()(const sale::Paid& fact) const {
    json.member("money", sale::to_text(fact.money)).member("late", fact.late);
  }
  void operator()(const sale::MoneyMoved& fact) const {
    json.member("money", sale::to_text(fact.money));
  }
  void operator()(const sale::Released& fact) const {
    json.member("reason", sale::to_text(fact.reason)).member("money", sale::to_text(fact.money));
  }
  void operator()(const sale::LineEnded& fact) const {
    json.member("sku", fact.sku.view()).member("upto_arrival", fact.upto.value());
    json.member("reason", fact.by_close ? "closed" : "sold_out");
  }
  void operator()(const sale::Resumed& fact) const {
    const auto shift = std::chrono::floor<std::chrono::milliseconds>(fact.shift);
    json.member("shift_ms", shift.count()).member("restart", fact.restart);
  }
  void operator()(const sale::StockChanged& fact) const {
    json.member("sku", fact.sku.view()).member("delta", fact.delta);
  }
  void operator()(const sale::LineShut& fact) const { json.member("sku", fact.sku.view()); }
  void operator()(const sale::LineReopened& fact) const { json.member("sku", fact.sku.view()); }
  /// The rest says all with its type.
  template <class Fact>
  void operator()(const Fact& /*fact*/) const {}
};

/// The end of a line is one fact of the sale and stands for one of each order that waited.
std::string_view type_for_an_order(const Event& event) {
  const auto* end = std::get_if<sale::LineEnded>(&event.fact);
  if (end == nullptr) return sale::type_of(event);
  return end->by_close ? "dibs.order.closed" : "dibs.order.sold_out";
}

}  // namespace

void write_event(JsonWriter& json, const Event& event, bool test) {
  json.begin_object().member("seq", event.seq.value()).member("type", type_for_an_order(event));
  json.member("at", to_rfc3339(event.at));
  if (test) json.member("test", true);
  if (!event.actor.empty()) json.member("actor", event.actor);
  json.key("data").begin_object();
  std::visit(FactWriter{json}, event.fact);
  json.end_object().end_object();
}

std::string notice_json(const SaleId& sale, const Event& event, bool test) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("specversion", "1.0").member("type", sale::type_of(event));
  json.member("id", sale.value() + ":" + std::to_string(event.seq.value()));
  json.member("source", "/v1/sales/" + sale.value()).member("time", to_rfc3339(event.at));
  json.member("sale", sale.view()).member("seq", event.seq.value());
  if (test) json.member("test", true);
  if (!event.actor.empty()) json.member("actor", event.actor);
  json.key("data").begin_object();
  if (const auto order = sale::order_of(event)) {
    json.member("order", to_text(OrderId{order->key, sale}));
    json.member("arrival", order->arrival.value());
  }
  std::visit(FactWriter{json}, event.fact);
  json.end_object().end_object();
  return body;
}

}  // namespace dibs::api

#include <chrono>

#include "base/json_writer.h"
#include "events/cloud_event.h"

namespace dibs::events {
namespace {

/// Half a kilobyte holds most events of orders.
constexpr std::size_t kUsualBytes = 640;

/// The members of `data`. Names are those of notices and of the API; what those leave out, since
/// people do not need it, is here too.
struct DataWriter {
  JsonWriter& json;

  void operator()(const sale::Created& fact) const { write(fact.spec); }
  void operator()(const sale::Changed& fact) const { write(fact.spec); }
  void operator()(const sale::Resumed& fact) const {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(fact.shift);
    json.member("shift_ms", ms.count()).member("shift_rest_ns", (fact.shift - ms).count());
    json.member("restart", fact.restart);
  }
  void operator()(const sale::StockChanged& fact) const {
    json.member("sku", fact.sku.view()).member("delta", fact.delta);
    if (!fact.key.empty()) json.member("idempotency_key", fact.key.view());
  }
  void operator()(const sale::LineEnded& fact) const {
    json.member("sku", fact.sku.view()).member("upto_arrival", fact.upto.value());
    json.member("reason", fact.by_close ? "closed" : "sold_out");
  }
  void operator()(const sale::LineShut& fact) const {
    json.member("sku", fact.sku.view()).member("refused_arrival", fact.refused.value());
  }
  void operator()(const sale::LineReopened& fact) const { json.member("sku", fact.sku.view()); }
  void operator()(const sale::Archived& fact) const {
    json.member("file_sha256", to_hex(fact.file_hash));
  }
  void operator()(const sale::Accepted& fact) const {
    json.member("state", sale::to_text(fact.state)).member("buyer", fact.buyer.view());
    write("received_at", fact.received);
    if (!fact.key.empty()) json.member("idempotency_key", fact.key.view());
    if (!fact.reference.empty()) json.member("reference", fact.reference.view());
    json.key("items").begin_array();
    for (const sale::OrderLine& line : fact.lines) {
      json.begin_object().member("sku", line.sku.view()).member("quantity", line.quantity);
      json.member("price", line.price).end_object();
    }
    json.end_array();
    write("expires_at", fact.expires_at);
  }
  void operator()(const sale::Promoted& fact) const {
    json.member("state", sale::to_text(fact.state));
    write("expires_at", fact.expires_at);
  }
  void operator()(const sale::Paying& fact) const {
    json.member("attempt", fact.attempt);
    write("expires_at", fact.expires_at);
    json.member("extends", fact.extends);
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
  /// The rest says all with its type.
  template <class Fact>
  void operator()(const Fact& /*fact*/) const {}

 private:
  void write(std::string_view name, const std::optional<Instant>& instant) const {
    if (instant) json.member(name, to_rfc3339_ns(*instant));
  }
  void write(std::string_view name, const std::optional<std::string>& text) const {
    if (text) json.member(name, *text);
  }

  void write(const sale::SaleSpec& spec) const {
    json.member("title", spec.title).member("currency", spec.currency);
    json.key("items").begin_array();
    for (const sale::ItemSpec& item : spec.items) {
      json.begin_object().member("sku", item.sku.view()).member("title", item.title);
      json.member("price", item.price).member("stock", item.stock).end_object();
    }
    json.end_array();
    write("opens_at", spec.opens_at);
    write("closes_at", spec.closes_at);
    json.member("hold_seconds", spec.hold_seconds).member("payment_seconds", spec.payment_seconds);
    json.member("payment_attempts", spec.payment_attempts);
    json.member("promotion_seconds", spec.promotion_seconds);
    json.member("limit_per_buyer", spec.limit_per_buyer);
    if (spec.line_limit) json.member("line_limit", *spec.line_limit);
    json.member("payment", sale::to_text(spec.payment));
    write("checkout_url", spec.checkout_url);
    if (spec.notify_url) {
      json.key("notify").begin_object().member("url", *spec.notify_url).end_object();
    }
    json.member("public_stock", spec.public_stock_hidden ? "hidden" : "exact");
    json.member("test", spec.test);
  }
};

}  // namespace

std::string to_cloud_event(const ChainedEvent& chained) {
  const sale::Event& event = chained.event;
  const std::string& sale = chained.sale.value();
  std::string out;
  out.reserve(kUsualBytes);
  JsonWriter json(out);
  json.begin_object().member("specversion", "1.0").member("type", sale::type_of(event));
  json.member("id", sale + ":" + std::to_string(event.seq.value()));
  json.member("source", "/v1/sales/" + sale).member("time", to_rfc3339_ns(event.at));
  json.member("schemaversion", kSchemaVersion);
  json.member("sale", sale).member("seq", event.seq.value()).member("epoch", chained.epoch);
  json.member("previous", to_hex(chained.previous)).member("hash", to_hex(chained.hash));
  if (chained.test) json.member("test", true);
  if (!event.actor.empty()) json.member("actor", event.actor);
  json.key("data").begin_object();
  if (const auto order = sale::order_of(event)) {
    json.member("order", to_text(OrderId{order->key, chained.sale}));
    json.member("arrival", order->arrival.value());
  }
  std::visit(DataWriter{json}, event.fact);
  json.end_object().end_object();
  return out;
}

}  // namespace dibs::events

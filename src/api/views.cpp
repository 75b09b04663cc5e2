#include "api/views.h"

namespace dibs::api {
namespace {

void write_lines(JsonWriter& json, const sale::OrderView& order) {
  json.key("items").begin_array();
  for (const auto& line : order.lines) {
    json.begin_object().member("sku", line.sku.view()).member("quantity", line.quantity);
    json.member("price", line.price).end_object();
  }
  json.end_array();
}

void write_text_or_null(JsonWriter& json, std::string_view name,
                        const std::optional<std::string>& value) {
  if (value) {
    json.member(name, *value);
  } else {
    json.key(name).null();
  }
}

void write_item(JsonWriter& json, const sale::ItemSpec& spec, const sale::ItemView& view,
                bool figures) {
  json.begin_object().member("sku", spec.sku.view()).member("title", spec.title);
  json.member("price", spec.price);
  if (figures) {
    json.member("total", view.total).member("available", view.available);
    json.member("held", view.held).member("sold", view.sold);
  }
  json.member("waiting", view.waiting).end_object();
}

void write_settings(JsonWriter& json, const sale::SaleSpec& spec, Viewer viewer) {
  write_instant(json, "opens_at", spec.opens_at);
  write_instant(json, "closes_at", spec.closes_at);
  json.member("hold_seconds", spec.hold_seconds).member("payment_seconds", spec.payment_seconds);
  json.member("payment_attempts", spec.payment_attempts);
  json.member("promotion_seconds", spec.promotion_seconds);
  json.member("limit_per_buyer", spec.limit_per_buyer);
  json.member("line_limit", sale::line_limit_of(spec));
  json.member("payment", sale::to_text(spec.payment)).member("currency", spec.currency);
  write_text_or_null(json, "checkout_url", spec.checkout_url);
  if (viewer == Viewer::staff) {
    json.key("notify");
    if (spec.notify_url) {
      json.begin_object().member("url", *spec.notify_url).end_object();
    } else {
      json.null();
    }
  }
  json.member("public_stock", spec.public_stock_hidden ? "hidden" : "exact");
  json.member("test", spec.test);
}

/// After the end it can be told who the last winner was.
bool is_over(const sale::SaleView& view) {
  return view.state == sale::SaleState::closed || view.sold_out();
}

}  // namespace

void write_instant(JsonWriter& json, std::string_view name, const std::optional<Instant>& value) {
  if (value) {
    json.member(name, to_rfc3339(*value));
  } else {
    json.key(name).null();
  }
}

void write_order(JsonWriter& json, const sale::OrderView& order, std::string_view currency) {
  json.begin_object().member("id", to_text(order.id)).member("sale", order.id.sale.view());
  json.member("buyer", order.buyer.view());
  if (!order.reference.empty()) json.member("reference", order.reference.view());
  json.member("state", sale::to_text(order.state));
  if (order.reason != sale::Reason::none) json.member("reason", sale::to_text(order.reason));
  json.member("money", sale::to_text(order.money));
  json.member("arrival", order.arrival.value()).member("seq", order.seq.value());
  write_lines(json, order);
  json.member("amount", order.amount).member("currency", currency);
  json.member("created_at", to_rfc3339(order.created_at));
  if (order.expires_at) json.member("expires_at", to_rfc3339(*order.expires_at));
  if (order.place) json.member("place", order.place->value());
  if (order.position) json.member("position", *order.position);
  json.end_object();
}

void write_sale(JsonWriter& json, const sale::SaleView& view, const SaleContext& context) {
  const auto& spec = *view.spec;
  const bool figures = context.viewer == Viewer::staff || !spec.public_stock_hidden;
  json.begin_object().member("id", view.id.view()).member("title", spec.title);
  json.member("state", sale::to_text(view.state)).member("sold_out", view.sold_out());
  json.member("server_time", to_rfc3339(context.now));
  write_settings(json, spec, context.viewer);
  json.key("items").begin_array();
  for (std::size_t i = 0; i < view.items.size(); ++i) {
    write_item(json, spec.items.at(i), view.items[i], figures);
  }
  json.end_array();
  json.member("waiting", view.waiting).member("seq", view.seq.value());
  json.member("durability", context.durability);
  if (is_over(view)) {
    json.key("last_winner_arrival");
    if (view.last_winner_arrival == Arrival{}) {
      json.null();
    } else {
      json.number(view.last_winner_arrival.value());
    }
  }
  json.end_object();
}

void write_arrival(JsonWriter& json, const SaleId& sale, const store::ArrivalRecord& record) {
  json.begin_object().member("arrival", record.arrival.value());
  json.member("received_at", to_rfc3339(record.received)).member("buyer", record.buyer.view());
  json.member("code", record.code == sale::Code::ok ? "ok" : sale::info(record.code).name);
  json.key("order");
  if (record.order) {
    json.text(to_text(OrderId{*record.order, sale}));
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace dibs::api

#include "api/csv.h"

#include "sale/codes.h"

namespace dibs::api {
namespace {

std::string instant_or_nothing(const std::optional<Instant>& value) {
  return value ? to_rfc3339(*value) : std::string();
}

/// `floor:1 balcony:2`: no character of an SKU needs quoting.
std::string items_text(const std::vector<sale::OrderLine>& lines) {
  std::string text;
  for (const auto& line : lines) {
    if (!text.empty()) text += ' ';
    text += line.sku.value() + ":" + std::to_string(line.quantity);
  }
  return text;
}

}  // namespace

void append_csv_field(std::string& out, std::string_view field) {
  const bool formula =
      !field.empty() && std::string_view("=+-@\t\r").find(field.front()) != std::string_view::npos;
  const bool quoted = field.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) out += '"';
  if (formula) out += '\'';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  if (quoted) out += '"';
}

void append_csv_row(std::string& out, std::initializer_list<std::string_view> fields) {
  bool first = true;
  for (const auto field : fields) {
    if (!first) out += ',';
    first = false;
    append_csv_field(out, field);
  }
  out += "\r\n";
}

std::string orders_csv(std::span<const sale::OrderView> orders, std::string_view currency) {
  std::string out;
  append_csv_row(out, {"arrival", "id", "buyer", "reference", "state", "reason", "money", "amount",
                       "currency", "items", "created_at", "expires_at", "place", "position"});
  for (const auto& order : orders) {
    append_csv_row(out, {std::to_string(order.arrival.value()), to_text(order.id),
                         order.buyer.view(), order.reference.view(), sale::to_text(order.state),
                         sale::to_text(order.reason), sale::to_text(order.money),
                         std::to_string(order.amount), currency, items_text(order.lines),
                         to_rfc3339(order.created_at), instant_or_nothing(order.expires_at),
                         order.place ? std::to_string(order.place->value()) : std::string(),
                         order.position ? std::to_string(*order.position) : std::string()});
  }
  return out;
}

std::string arrivals_csv(const SaleId& sale, std::span<const store::ArrivalRecord> records) {
  std::string out;
  append_csv_row(out, {"arrival", "received_at", "buyer", "code", "order"});
  for (const auto& record : records) {
    append_csv_row(out, {std::to_string(record.arrival.value()), to_rfc3339(record.received),
                         record.buyer.view(),
                         record.code == sale::Code::ok ? "ok" : sale::info(record.code).name,
                         record.order ? to_text(OrderId{*record.order, sale}) : std::string()});
  }
  return out;
}

}  // namespace dibs::api

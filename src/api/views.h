#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/time.h"
#include "sale/event.h"
#include "sale/order.h"
#include "sale/sale.h"
#include "store/sale_store.h"

/// What things look like in JSON.
namespace dibs::api {

void write_order(JsonWriter& json, const sale::OrderView& order, std::string_view currency);

enum class Viewer : std::uint8_t { in_public, staff };  ///< staff sees hidden figures too

struct SaleContext {
  Viewer viewer = Viewer::in_public;
  Instant now;                  ///< `server_time`
  std::string_view durability;  ///< as the store names it
};
void write_sale(JsonWriter& json, const sale::SaleView& view, const SaleContext& context);

void write_arrival(JsonWriter& json, const SaleId& sale, const store::ArrivalRecord& record);
/// An event of an order's history; `test` marks those of a test sale.
void write_event(JsonWriter& json, const sale::Event& event, bool test);

/// `value` as RFC 3339, or null.
void write_instant(JsonWriter& json, std::string_view name, const std::optional<Instant>& value);

}  // namespace dibs::api

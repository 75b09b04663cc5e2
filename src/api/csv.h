#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sale/order.h"
#include "store/sale_store.h"

namespace dibs::api {

/// Appends one field (RFC 4180): quoted when it must be. A field that a spreadsheet would run as a
/// formula (it begins with = + - @, tab or CR) gets an apostrophe before it: buyer ids and
/// references come from outside.
void append_csv_field(std::string& out, std::string_view field);
void append_csv_row(std::string& out, std::initializer_list<std::string_view> fields);

[[nodiscard]] std::string orders_csv(std::span<const sale::OrderView> orders,
                                     std::string_view currency);
[[nodiscard]] std::string arrivals_csv(const SaleId& sale,
                                       std::span<const store::ArrivalRecord> records);

}  // namespace dibs::api

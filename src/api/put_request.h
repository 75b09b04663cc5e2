#pragma once

#include <string_view>

#include "api/json_reader.h"
#include "sale/command.h"
#include "sale/sale.h"

namespace dibs::api {

/// What a sale can ask of this server.
struct ServerHas {
  bool provider = false;       ///< a payment provider
  bool notify_secret = false;  ///< to sign notices with
};

/// Reads the body of PUT /v1/sales/{sale} within the bounds of the contract. `now` is the sale as
/// it is, null when it does not exist: what must fit together is checked on what the sale would
/// become. What is wrong is noted in `complaint`; the result is then not to be used.
[[nodiscard]] sale::Put read_put(json::ObjectReader members, const json::Document& document,
                                 const sale::SaleSpec* now, ServerHas has,
                                 json::Complaint& complaint);

}  // namespace dibs::api

#pragma once

#include <string>

#include "api/answer.h"
#include "sale/order.h"
#include "sale/sale.h"

namespace dibs::api {

struct Core;

/// The order as JSON, with the currency of its sale.
[[nodiscard]] std::string order_json(const Core& core, const sale::OrderView& order);
/// Answers with an order; its seq is the ETag.
void answer_order(const Core& core, Answer& answer, std::uint16_t status,
                  const sale::OrderView& order, Answer::Headers headers = {});
/// The problem that a refused command is, with what its code carries.
[[nodiscard]] Problem problem_of(const Core& core, const sale::Outcome& outcome);

}  // namespace dibs::api

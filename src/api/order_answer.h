#pragma once

#include <functional>
#include <string>

#include "api/answer.h"
#include "base/stamp.h"
#include "sale/order.h"
#include "sale/sale.h"

namespace dibs::api {

struct Core;

/// The order as JSON, with the currency of its sale.
[[nodiscard]] std::string order_json(const Core& core, const sale::OrderView& order);
/// The ETag of an order: differs whenever anything that the order shows does. Its seq, and behind a
/// point what moves without an event of its own: the position in the line, or the deadline.
[[nodiscard]] std::string etag_of(const sale::OrderView& order);
/// Answers with an order and its ETag.
void answer_order(const Core& core, Answer& answer, std::uint16_t status,
                  const sale::OrderView& order, Answer::Headers headers = {});
/// The problem that a refused command is, with what its code carries.
[[nodiscard]] Problem problem_of(const Core& core, const sale::Outcome& outcome);
/// The same of a command on an order: where there is no sale there is no such order.
[[nodiscard]] Problem problem_of_order(const Core& core, const sale::Outcome& outcome);

/// What goes on with an order once it is found.
using OrderFound = std::move_only_function<void(Answer answer, const sale::OrderView& order)>;
/// Finds the order as it is at `stamp`. Where there is none, or it is not `owner`'s (empty: may see
/// any), it is unknown, and `found` is not called.
void find_order(Core& core, const Stamp& stamp, const OrderId& order, BuyerId owner, Answer answer,
                OrderFound found);

}  // namespace dibs::api

#pragma once

#include "api/call.h"
#include "base/result.h"
#include "sale/command.h"
#include "sale/sale.h"

/// How the routes of single orders tell the sale what to do.
namespace dibs::api::orders {

/// `action`, in the name of whoever calls and on their own order only.
[[nodiscard]] sale::Command command_of(const Call& call, sale::Command::Action action);
/// Submits it and answers with the order as it then is, or the refusal.
[[nodiscard]] Job submit(Core& core, const Call& call, sale::Command::Action action);
/// Answers what came of a command on an order.
void answer_outcome(const Core& core, Answer& answer, std::uint16_t status,
                    const Result<sale::Outcome>& result);

}  // namespace dibs::api::orders

#pragma once

#include <string>
#include <vector>

#include "sale/event.h"
#include "sale/state.h"

namespace dibs::sale {

/// Asserts the laws that `event`, just folded in, could have broken: available + held + sold =
/// total and nothing negative for every item touched since the last command; whoever got units
/// passed nobody in the line; the buyer is within the limit. O(1) for a command that touches one
/// item.
void assert_laws(const State& state, const Event& event);

/// Recounts every figure from the orders; says in words what differs. O(orders).
[[nodiscard]] std::vector<std::string> recount(const State& state);

}  // namespace dibs::sale

#pragma once

#include <string_view>

#include "sale/event.h"
#include "sale/state.h"

namespace dibs::sale {

/// Changes `state` by one fact, and nothing else ever does: commands record facts and fold them
/// in here, replay folds in the same facts. `event` must be admissible.
void fold(State& state, const Event& event);

/// Why `event` cannot be the next event of `state`, or an empty text when it can. For events that
/// come from outside: a journal, a snapshot's tail, a test.
[[nodiscard]] std::string_view objection(const State& state, const Event& event);

}  // namespace dibs::sale

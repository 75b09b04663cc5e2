#pragma once

#include <string>

#include "sale/event.h"

namespace dibs::sale::checkers {

/// The kind of thing that happened: type, reason, money, and what else there is a rule for.
[[nodiscard]] std::string situation_of(const Event& event);
/// What happened to whom, as the model tells it: type and arrival or SKU.
[[nodiscard]] std::string words_of(const Event& event);

}  // namespace dibs::sale::checkers

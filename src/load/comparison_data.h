#pragma once

#include <string>

#include "load/comparison.h"

namespace dibs::load {

/// What comparison.js draws, as one JSON object that may stand inside a script element.
[[nodiscard]] std::string comparison_data(const Comparison& all, Language language);

}  // namespace dibs::load

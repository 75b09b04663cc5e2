#pragma once

#include <string>

#include "load/report.h"

namespace dibs::load {

/// What report.js draws, as one JSON object that may stand inside a script element. About 30 bytes
/// a point and at most kScatterMax points.
[[nodiscard]] std::string report_data(const Run& run, Language language);

/// Points of the scatter: above it, refused presses are thinned out evenly; everybody who was given
/// a unit stays.
inline constexpr std::size_t kScatterMax = 20'000;

}  // namespace dibs::load

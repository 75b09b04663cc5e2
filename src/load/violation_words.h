#pragma once

#include <string_view>

namespace dibs::load {

/// The Korean for Violation::what; the English itself for one that has no row.
[[nodiscard]] std::string_view violation_in_korean(std::string_view what);

}  // namespace dibs::load

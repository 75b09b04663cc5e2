#pragma once

#include <map>
#include <optional>
#include <string>

#include "sale/checkers/script.h"

namespace dibs::sale::checkers {

/// How often each situation was met: event types (with reasons and money), codes, and the rarer
/// combinations that the rules have a sentence for.
using Coverage = std::map<std::string, int>;

/// Runs the script against the real rules and the model side by side; what they disagree about, or
/// which law is broken, or nothing.
[[nodiscard]] std::optional<std::string> disagreement(const Script& script,
                                                      Coverage* coverage = nullptr);

}  // namespace dibs::sale::checkers

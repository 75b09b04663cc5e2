#pragma once

#include <string>

#include "engine/inspect.h"

namespace dibs::cli {

/// One sentence for a person: what was compared and whether it agrees.
[[nodiscard]] std::string summary(const engine::AuditReport& report);
[[nodiscard]] std::string summary_in_korean(const engine::AuditReport& report);

}  // namespace dibs::cli

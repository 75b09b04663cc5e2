#pragma once

#include <string>

#include "base/result.h"

namespace dibs::events {

/// Replaces the file at `path`, the owner's alone. On return it is durable and whole; on failure it
/// is as it was. `remedy` is for the fault.
[[nodiscard]] Result<void> replace_file(const std::string& path, const std::string& text,
                                        const std::string& remedy);

}  // namespace dibs::events

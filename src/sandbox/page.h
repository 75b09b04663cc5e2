#pragma once

#include "http/message.h"

namespace dibs::sandbox {

/// The page on which the sandbox is told to misbehave.
[[nodiscard]] http::Response fault_page();

}  // namespace dibs::sandbox

#pragma once

#include <string>

#include "load/run.h"

namespace dibs::cli {

/// Adds to a run what the audit of its server's data says; the server must have stopped.
void add_audit(load::Run& run, const std::string& data);

}  // namespace dibs::cli

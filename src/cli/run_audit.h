#pragma once

#include <string>

#include "load/run.h"

namespace dibs::cli {

/// Adds to a run what the audit of its server's data says; the server must have stopped.
void add_audit(load::Run& run, const std::string& data);

/// Adds whether the ledger at `url` says the same, order by order. The server has stopped.
void add_ledger_audit(load::Run& run, const std::string& data, const std::string& url);

}  // namespace dibs::cli

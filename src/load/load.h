#pragma once

/// The test tool: fires buyers at a sale over HTTP, sees what became of each, and judges it.
///
///     auto run = dibs::load::run(options, [](const Progress& p) { ... });
///     if (!run) ...                       // a part could not be reached
///     std::cout << table(*run);
///     return exit_status(*run);
///
/// It knows the server by the wire contract only, and shares no code with it beyond src/base and
/// the reader of src/http.

#include "base/result.h"
#include "load/endpoint.h"
#include "load/options.h"
#include "load/report.h"
#include "load/run.h"

namespace dibs::load {

/// Runs once, on the calling thread and one sampling thread. When it returns, every buyer has an
/// outcome and every answer was checked against the contract; all connections are closed.
///
/// Fails, with nothing pressed, when the server or the sale cannot be reached, when the sale has no
/// such SKU or nobody could buy in it (see preflight.h), or when the options are out of their
/// bounds. What goes wrong after the first press is no fault of the call but part of the Run.
[[nodiscard]] Result<Run> run(const Options& options, const ProgressListener& progress = {});

}  // namespace dibs::load

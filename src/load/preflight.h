#pragma once

#include "base/result.h"
#include "load/options.h"
#include "load/plain_client.h"
#include "load/run.h"
#include "load/script.h"

/// What is looked at before the first press, so that a run that could not mean anything does not
/// begin. Every refusal is `bad_input` and says what to do, unless the server is gone.
namespace dibs::load {

/// Whether the options are within their bounds and fit together.
[[nodiscard]] Result<void> check_options(const Options& options);

/// Whether anybody could buy and the run be judged: the sale is neither closed nor paused, it shows
/// its stock or the options name it, the crowd can pay in it, and the server takes the crowd's
/// credentials, which one signed question finds out.
[[nodiscard]] Result<void> check_way_in(PlainClient& client, const Script& script,
                                        const Options& options, const SaleFacts& sale);

}  // namespace dibs::load

#pragma once

#include "http/server.h"

namespace dibs::api {

struct Core;

/// Serves one request: route, caller, rate, state of the server, the request itself, permission,
/// then the job, so that refusals come in the contract's order of precedence.
void dispatch(Core& core, const http::Request& request, http::Responder responder);

}  // namespace dibs::api

#pragma once

#include <optional>

#include "api/problem.h"
#include "base/network.h"
#include "http/message.h"

namespace dibs::api {

struct Core;

/// Those who show no valid credential. What they may ask is bounded for each network they come
/// from (Options::rate_per_network); who shows one is never counted there, so that thousands of
/// buyers behind one address are held up by nobody but themselves.

/// The network that the request comes from.
[[nodiscard]] IpAddress network_of(const Core& core, const http::Request& request);
/// Counts one request of a stranger: 429 when its network has asked too often.
[[nodiscard]] std::optional<Problem> refused_stranger(Core& core, const IpAddress& network);
/// The same as the answer to a credential that was found wrong: `wrong`, or 429 in its place.
[[nodiscard]] Problem refused_credential(Core& core, const IpAddress& network, Problem wrong);

}  // namespace dibs::api

#include "api/strangers.h"

#include "api/client_address.h"
#include "api/core.h"

namespace dibs::api {

IpAddress network_of(const Core& core, const http::Request& request) {
  return limited_network(client_address(request, core.options.trusted_proxies));
}

std::optional<Problem> refused_stranger(Core& core, const IpAddress& network) {
  const auto wait = core.strangers.refuse(as_text(network), core.clock.monotonic());
  return wait ? std::optional(slow_down(*wait)) : std::nullopt;
}

Problem refused_credential(Core& core, const IpAddress& network, Problem wrong) {
  auto slow = refused_stranger(core, network);
  return slow ? std::move(*slow) : std::move(wrong);
}

}  // namespace dibs::api

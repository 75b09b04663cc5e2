#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/network.h"
#include "http/message.h"

namespace dibs::api {

/// Where the request comes from: the address at the other end of its connection or, where that is
/// a trusted proxy, the last address of X-Forwarded-For that is none. What stands before it there
/// was written by somebody we do not trust. Where a trusted proxy names nothing that is an address,
/// it is taken for the client itself.
[[nodiscard]] IpAddress client_address(const http::Request& request,
                                       std::span<const Network> trusted_proxies);

}  // namespace dibs::api

#pragma once

#include "base/result.h"
#include "redis/address.h"

namespace dibs::redis {

/// A non-blocking stream socket whose connection to the address has been begun; poll() says
/// writable when it is there. The caller closes it. Resolves the name, which may block.
[[nodiscard]] Result<int> begin_to_connect(const Address& address);

}  // namespace dibs::redis

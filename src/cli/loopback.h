#pragma once

#include <string>

namespace dibs::cli {

/// Whether only this machine can reach `address`, HOST:PORT. A name other than localhost could be
/// anybody's.
[[nodiscard]] bool is_loopback(const std::string& address);

}  // namespace dibs::cli

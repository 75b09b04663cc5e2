#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/server_process.h"

namespace dibs::cli {

/// A test sale of one item, open at once, paid through the provider: what a run is measured on.
struct MeasuredSale {
  std::string id;
  std::string title;
  std::uint32_t stock = 0;
  std::optional<std::uint64_t> line = std::nullopt;  ///< how many may wait; the server's default
};

/// Makes it on that server, whose operator's token is `token`. Fails when it is not new there
/// (`unavailable`), or with what the server has against it (`bad_input`).
[[nodiscard]] Result<void> make_sale(const ServerProcess& server, const std::string& token,
                                     const MeasuredSale& sale);

}  // namespace dibs::cli

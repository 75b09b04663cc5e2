#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dibs::http::testing {

/// One byte string and the one verdict on it.
struct FramingRow {
  std::string name;
  std::string bytes;
  std::uint16_t refused = 0;  ///< the status of the refusal; 0: it is one whole, good request
};

/// Every framing that is refused, each by its name.
[[nodiscard]] const std::vector<FramingRow>& refused_rows();
/// Framings that look odd and are good.
[[nodiscard]] const std::vector<FramingRow>& accepted_rows();

}  // namespace dibs::http::testing

#include "http/message.h"

#include <algorithm>

#include "http/text.h"

namespace dibs::http {

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const Header& header) { return same_ignoring_case(header.name, name); });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace dibs::http

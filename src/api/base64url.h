#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dibs::api {

/// Decodes base64url without padding (RFC 7515). Nothing when `text` is not the one spelling of
/// its bytes: a character outside the alphabet, a length that cannot be, spare bits that are set.
[[nodiscard]] std::optional<std::string> base64url_decoded(std::string_view text);

/// `bytes` as base64url without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);

}  // namespace dibs::api

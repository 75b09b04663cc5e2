#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Where signed calls may go.
namespace dibs::webhook {

struct Target {
  bool encrypted = false;  ///< https; otherwise http to this machine
  std::string host;        ///< without brackets
};

/// Reads a URL that signed calls may be sent to: https to any host, http only to `localhost`,
/// 127.0.0.0/8 and [::1]. No user or password, no other scheme, visible ASCII, at most 2,048
/// characters. Nothing when it is not one; kTargetRule says in words what is wanted.
[[nodiscard]] std::optional<Target> parse_target(std::string_view url);

inline constexpr const char* kTargetRule =
    "an https URL of at most 2048 characters, or http to this machine (localhost, 127.0.0.0/8, "
    "[::1]), without user or password";

}  // namespace dibs::webhook

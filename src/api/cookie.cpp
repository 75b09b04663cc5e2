#include "api/cookie.h"

namespace dibs::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> cookie_value(std::string_view header, std::string_view name) {
  std::optional<std::string_view> found;
  while (!header.empty()) {
    const auto pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(pair.size() + 1, header.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
    if (found) return std::nullopt;  // one of them is not ours, and nothing says which
    found = trimmed(pair.substr(equals + 1));
  }
  return found;
}

std::string set_cookie(std::string_view name, std::string_view value, Duration lifetime,
                       CookieScope scope) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(lifetime).count();
  std::string cookie(name);
  cookie.append("=").append(value).append("; Max-Age=").append(std::to_string(seconds));
  cookie.append("; Path=/; HttpOnly").append(scope.secure ? "; Secure" : "");
  cookie.append("; SameSite=").append(scope.strict ? "Strict" : "Lax");
  return cookie;
}

}  // namespace dibs::api

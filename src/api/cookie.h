#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

/// Cookies of pages: docs/decisions/0801-sessions-in-cookies.md.
namespace dibs::api {

/// Name, value and attributes of a cookie together: some browsers drop longer ones (RFC 6265, 6.1).
inline constexpr std::size_t kCookieBytesMax = 4'096;

/// The value of the cookie `name` in a Cookie header, as sent; nothing when it is not there or
/// stands there twice.
[[nodiscard]] std::optional<std::string_view> cookie_value(std::string_view header,
                                                           std::string_view name);

/// Which requests a browser sends a cookie with.
struct CookieScope {
  bool strict = false;  ///< SameSite=Strict: not even with a link from another site; else Lax
  bool secure = true;   ///< over TLS only (most browsers count loopback as safe too)
};

/// The Set-Cookie value of a cookie that scripts cannot read, that goes to this host only, over TLS
/// (browsers count loopback as safe too), and not with what other sites' pages do. It lives for
/// `lifetime` by the browser's own clock; a lifetime of 0 removes it. `value` has no blank, comma,
/// semicolon or quote.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value,
                                     Duration lifetime, CookieScope scope = {});

}  // namespace dibs::api

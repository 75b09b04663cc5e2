#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/jwt.h"
#include "api/problem.h"
#include "base/ids.h"
#include "http/message.h"

namespace dibs::api {

/// Who may be asking. One bit each, so that a route names a set of them.
enum Role : std::uint8_t {
  kAnyone = 1U << 0U,   ///< no credential
  kBuyer = 1U << 1U,    ///< a token of their own, or the demo's Dibs-Buyer
  kShop = 1U << 2U,     ///< the shop's backend, acting for `buyer` when one is named
  kSupport = 1U << 3U,  ///< reads, changes nothing
  kOperator = 1U << 4U,
};
using Roles = std::uint8_t;
inline constexpr Roles kEverybody = kAnyone | kBuyer | kShop | kSupport | kOperator;

struct Identity {
  Role role = kAnyone;
  std::string name;                 ///< of the operator
  BuyerId buyer;                    ///< buyer: always; shop: when named
  std::optional<SaleId> only_sale;  ///< the token is good for this sale only
  bool by_cookie = false;           ///< the browser sent it, whichever page made it ask
};

/// The cookie that holds a buyer's token.
inline constexpr std::string_view kSessionCookie = "__Host-dibs";

/// Tells from a request's headers who is asking. Thread-safe.
class Authenticator {
 public:
  [[nodiscard]] static Result<Authenticator> make(const Options& options);

  /// 401 when a credential is given that is not known; 400 when Dibs-Buyer is given where it is
  /// trusted and is no buyer id. No credential at all is `kAnyone`; so is a cookie whose token is
  /// not valid (any more), since a browser sends it with everything. Cookies count under /v1 only.
  [[nodiscard]] std::expected<Identity, Problem> identify(const http::Request& request,
                                                          Instant now) const;
  /// The operator or support whose token this is; nothing when it is neither's. Takes as long
  /// whichever it is.
  [[nodiscard]] std::optional<Identity> staff_of(std::string_view token) const;
  /// Whether the listener that the request came in on serves operators and support.
  [[nodiscard]] bool serves_operators(const http::Request& request) const;
  /// What a buyer's token says; nothing when it is not valid or this server takes none.
  [[nodiscard]] std::optional<JwtClaims> claims_of(std::string_view token, Instant now) const;

 private:
  explicit Authenticator(const Options& options) : options_(options) {}

  [[nodiscard]] std::expected<Identity, Problem> by_token(std::string_view token,
                                                          const http::Request& request,
                                                          Instant now) const;

  Options options_;
  std::optional<JwtVerifier> jwt_;
};

}  // namespace dibs::api

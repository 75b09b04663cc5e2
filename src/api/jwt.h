#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/api.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace dibs::api {

/// What a valid token says.
struct JwtClaims {
  BuyerId buyer;               ///< `sub`
  std::optional<SaleId> sale;  ///< `sale`: good for this one only
  Instant expires_at;          ///< `exp`
};

/// Checks buyers' tokens. The algorithm is the server's: a token that names another is refused
/// before any signature is looked at, so an HS256 token "signed" with our public key is nothing.
/// Thread-safe.
class JwtVerifier {
 public:
  /// `bad_input`, naming the key by its number, when one cannot be used with the algorithm.
  [[nodiscard]] static Result<JwtVerifier> make(JwtOptions options);

  /// The claims of a token that is spelled canonically, signed with one of the keys, not expired,
  /// not early, for our audience, and whose sub is a buyer id; else nothing.
  [[nodiscard]] std::optional<JwtClaims> verify(std::string_view token, Instant now) const;

 private:
  explicit JwtVerifier(JwtOptions options) : options_(std::move(options)) {}

  JwtOptions options_;
};

}  // namespace dibs::api

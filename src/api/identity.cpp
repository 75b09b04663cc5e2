#include "api/identity.h"

#include <openssl/crypto.h>

#include "api/cookie.h"

namespace dibs::api {
namespace {

/// Takes as long whatever the difference is; only the length of a secret can be told from it.
bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Compares with every one, so that the time does not say which of them it was.
bool is_one_of(const std::vector<std::string>& secrets, std::string_view token) {
  bool found = false;
  for (const auto& secret : secrets) found |= same_secret(secret, token);
  return found;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != kScheme[i]) return std::nullopt;
  }
  return authorization.substr(kScheme.size());
}

Identity identity(Role role) {
  return {.role = role, .name = {}, .buyer = {}, .only_sale = {}, .by_cookie = false};
}

Identity buyer_of(JwtClaims claims) {
  Identity buyer = identity(kBuyer);
  buyer.buyer = std::move(claims.buyer);
  buyer.only_sale = std::move(claims.sale);
  return buyer;
}

/// `who` with the buyer that Dibs-Buyer names, if it names one.
std::expected<Identity, Problem> acting_for(Identity who, const http::Request& request) {
  const auto buyer = request.header("Dibs-Buyer");
  if (!buyer) return who;
  if (!is_buyer_id(*buyer)) {
    return std::unexpected(
        malformed("the header Dibs-Buyer must be 1 to 128 visible ASCII characters without @"));
  }
  who.buyer = BuyerId(std::string(*buyer));
  return who;
}

Result<void> check_secrets(const Options& options) {
  std::vector<std::string> all = options.support_tokens;
  all.insert(all.end(), options.shop_keys.begin(), options.shop_keys.end());
  for (const auto& one : options.operators) all.push_back(one.token);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty()) {
      return fault(FaultKind::bad_input, "A token or shop key is empty.", "Give it a value.");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i] != all[j]) continue;
      return fault(FaultKind::bad_input, "The same secret is given to two callers.",
                   "Give every operator, support token and shop key a secret of its own.");
    }
  }
  return {};
}

}  // namespace

Result<Authenticator> Authenticator::make(const Options& options) {
  if (auto checked = check_secrets(options); !checked) return std::unexpected(checked.error());
  Authenticator made(options);
  if (options.jwt) {
    auto jwt = JwtVerifier::make(*options.jwt);
    if (!jwt) return std::unexpected(jwt.error());
    made.jwt_ = std::move(*jwt);
  }
  return made;
}

bool Authenticator::serves_operators(const http::Request& request) const {
  return !options_.operator_listener || *options_.operator_listener == request.listener;
}

std::optional<Identity> Authenticator::staff_of(std::string_view token) const {
  std::optional<Identity> found;
  for (const auto& one : options_.operators) {
    if (!same_secret(one.token, token)) continue;
    found = identity(kOperator);
    found->name = one.name;
  }
  if (is_one_of(options_.support_tokens, token)) found = identity(kSupport);
  return found;
}

std::expected<Identity, Problem> Authenticator::by_token(std::string_view token,
                                                         const http::Request& request,
                                                         Instant now) const {
  if (serves_operators(request)) {
    if (auto staff = staff_of(token)) return *staff;
  }
  if (is_one_of(options_.shop_keys, token)) return acting_for(identity(kShop), request);
  if (auto claims = claims_of(token, now)) return buyer_of(std::move(*claims));
  return std::unexpected(problem(sale::Code::unauthenticated,
                                 "The bearer token is not one that this server takes: it may be "
                                 "mistyped, expired, or meant for its other address."));
}

std::expected<Identity, Problem> Authenticator::identify(const http::Request& request,
                                                         Instant now) const {
  if (const auto authorization = request.header("Authorization")) {
    const auto token = bearer_token(*authorization);
    if (!token) {
      return std::unexpected(problem(sale::Code::unauthenticated,
                                     "Send the credential as Authorization: Bearer TOKEN."));
    }
    return by_token(*token, request, now);
  }
  if (options_.insecure_demo && request.header("Dibs-Buyer")) {
    return acting_for(identity(kBuyer), request);
  }
  const auto cookies = request.header("Cookie");
  if (!cookies || !request.path.starts_with("/v1/")) return identity(kAnyone);
  const auto token = cookie_value(*cookies, kSessionCookie);
  auto claims = token ? claims_of(*token, now) : std::nullopt;
  if (!claims) return identity(kAnyone);
  Identity buyer = buyer_of(std::move(*claims));
  buyer.by_cookie = true;
  return buyer;
}

std::optional<JwtClaims> Authenticator::claims_of(std::string_view token, Instant now) const {
  return jwt_ ? jwt_->verify(token, now) : std::nullopt;
}

}  // namespace dibs::api

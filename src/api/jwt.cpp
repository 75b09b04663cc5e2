#include "api/jwt.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

#include "api/base64url.h"
#include "api/json_reader.h"

// libjwt 1.10 checks signatures here and nothing else. It would take the algorithm from the token
// and the public key as an HMAC secret, decodes base64 leniently, and checks no time and no
// audience; all of that is done below.
namespace dibs::api {
namespace {

constexpr std::size_t kTokenCharsMax = 8 * 1024;
constexpr std::size_t kHmacKeyBytesMin = 32;         // RFC 7518, 3.2
constexpr int kRsaKeyBitsMin = 2'048;                // RFC 7518, 3.3
constexpr std::int64_t kSecondsMax = 9'000'000'000;  // the year 2255; fits Instant

std::string_view name_of(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::hs256:
      return "HS256";
    case JwtAlgorithm::rs256:
      return "RS256";
    case JwtAlgorithm::es256:
      break;
  }
  return "ES256";
}

struct Parts {
  std::string header;
  std::string payload;
};

/// Header and payload of a token whose three parts each have their one spelling; so no bit of it
/// can be flipped without the bytes that it stands for changing.
std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (token.size() > kTokenCharsMax || first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto header = base64url_decoded(token.substr(0, first));
  auto payload = base64url_decoded(token.substr(first + 1, second - first - 1));
  const auto signature = base64url_decoded(token.substr(second + 1));
  if (!header || !payload || !signature || signature->empty()) return std::nullopt;
  return Parts{std::move(*header), std::move(*payload)};
}

bool header_names(const std::string& header, std::string_view algorithm) {
  json::Document document;
  json::Complaint complaint;
  if (json::parse(header, document)) return false;
  json::ObjectReader members(document, 0, "", complaint);
  const auto named = members.text("alg");
  const auto type = members.text("typ");
  // `crit` names extensions that must be understood; we understand none.
  if (members.find("crit") != nullptr || complaint.any()) return false;
  return named == algorithm && (!type || *type == "JWT" || *type == "jwt" || *type == "at+jwt");
}

bool signature_is_by(const std::string& token, const std::string& key, jwt_alg_t algorithm) {
  jwt_t* decoded = nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  if (jwt_decode(&decoded, token.c_str(), bytes, static_cast<int>(key.size())) != 0) return false;
  const bool same = jwt_get_alg(decoded) == algorithm;
  jwt_free(decoded);
  return same;
}

jwt_alg_t libjwt_algorithm(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::hs256:
      return JWT_ALG_HS256;
    case JwtAlgorithm::rs256:
      return JWT_ALG_RS256;
    case JwtAlgorithm::es256:
      break;
  }
  return JWT_ALG_ES256;
}

/// `aud` is one text or a list of texts (RFC 7519, 4.1.3).
bool audience_holds(const json::Document& document, const json::Node* node,
                    std::string_view audience) {
  if (node == nullptr) return false;
  const auto is_it = [&](const json::Node& one) {
    return one.kind == json::Kind::text && document.text(one) == audience;
  };
  if (node->kind != json::Kind::array) return is_it(*node);
  const auto all = json::elements(document, *node);
  return std::ranges::any_of(all, [&](std::size_t i) { return is_it(document.nodes[i]); });
}

std::optional<JwtClaims> claims_of(const std::string& payload, std::string_view audience,
                                   Instant now) {
  json::Document document;
  json::Complaint complaint;
  if (json::parse(payload, document)) return std::nullopt;
  json::ObjectReader members(document, 0, "", complaint);
  const auto subject = members.text("sub", is_buyer_id, "a buyer id");
  const auto expires = members.integer("exp", 0, kSecondsMax);
  const auto not_before = members.integer("nbf", 0, kSecondsMax);
  const auto sale = members.text("sale", is_sale_or_sku_id, "a sale id");
  if (complaint.any() || !subject || !expires) return std::nullopt;
  if (!audience_holds(document, members.find("aud"), audience)) return std::nullopt;
  const Instant expires_at{std::chrono::seconds(*expires)};
  if (now >= expires_at) return std::nullopt;
  if (not_before && now < Instant{std::chrono::seconds(*not_before)}) return std::nullopt;
  return JwtClaims{
      .buyer = BuyerId(std::string(*subject)),
      .sale = sale ? std::optional(SaleId(std::string(*sale))) : std::nullopt,
      .expires_at = expires_at,
  };
}

/// What is wrong with a public key, or nothing.
std::optional<std::string> complaint_about(const std::string& pem, JwtAlgorithm algorithm) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  if (key == nullptr) return "is not a public key in PEM";
  std::optional<std::string> complaint;
  if (algorithm == JwtAlgorithm::rs256) {
    const bool fits = EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kRsaKeyBitsMin;
    if (!fits) complaint = "is not an RSA key of 2,048 bits or more";
  } else {
    char group[64] = {};
    std::size_t size = 0;
    const bool fits = EVP_PKEY_is_a(key, "EC") == 1 &&
                      EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
                      std::string_view(group, size) == "prime256v1";
    if (!fits) complaint = "is not a key on the curve P-256";
  }
  EVP_PKEY_free(key);
  return complaint;
}

}  // namespace

Result<JwtVerifier> JwtVerifier::make(JwtOptions options) {
  if (options.keys.empty() || options.audience.empty()) {
    return fault(FaultKind::bad_input, "Tokens need a key and an audience.",
                 "Set --jwt-key-file and --jwt-audience.");
  }
  for (std::size_t i = 0; i < options.keys.size(); ++i) {
    std::optional<std::string> complaint;
    if (options.algorithm != JwtAlgorithm::hs256) {
      complaint = complaint_about(options.keys[i], options.algorithm);
    } else if (options.keys[i].size() < kHmacKeyBytesMin) {
      complaint = "is shorter than 32 bytes";
    }
    if (complaint) {
      return fault(
          FaultKind::bad_input, "JWT key " + std::to_string(i + 1) + " " + *complaint + ".",
          "Give a key that fits --jwt-alg " + std::string(name_of(options.algorithm)) + ".");
    }
  }
  return JwtVerifier(std::move(options));
}

std::optional<JwtClaims> JwtVerifier::verify(std::string_view token, Instant now) const {
  const auto parts = split(token);
  if (!parts || !header_names(parts->header, name_of(options_.algorithm))) return std::nullopt;
  const std::string text(token);  // libjwt wants it ended by NUL; the alphabet holds none
  const bool ours = std::ranges::any_of(options_.keys, [&](const std::string& key) {
    return signature_is_by(text, key, libjwt_algorithm(options_.algorithm));
  });
  if (!ours) return std::nullopt;
  return claims_of(parts->payload, options_.audience, now);
}

}  // namespace dibs::api

#include "load/token.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>
#include <memory>
#include <vector>

namespace dibs::load {
namespace {

constexpr std::time_t kLifetimeSeconds = 3600;
constexpr int kEs256Half = 32;  // bytes of r and of s

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

using Octets = std::vector<unsigned char>;

[[nodiscard]] const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

[[nodiscard]] std::string base64url(const unsigned char* data, std::size_t size) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bits = (bits << 8U) | data[i];
    for (count += 8; count >= 6; count -= 6) {
      out.push_back(kAlphabet[(bits >> static_cast<unsigned>(count - 6)) & 63U]);
    }
  }
  if (count > 0) out.push_back(kAlphabet[(bits << static_cast<unsigned>(6 - count)) & 63U]);
  return out;
}

[[nodiscard]] std::string base64url(std::string_view text) {
  return base64url(octets(text), text.size());
}

[[nodiscard]] bool is_pem(std::string_view secret) {
  return secret.find("-----BEGIN") != std::string_view::npos;
}

[[nodiscard]] Key read_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

[[nodiscard]] std::string_view algorithm_of(const Key& key) {
  if (!key) return {};
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA) return "RS256";
  const bool p256 = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
                    EVP_PKEY_get_bits(key.get()) == 8 * kEs256Half;
  return p256 ? "ES256" : std::string_view();
}

/// JWS wants r and s side by side, OpenSSL gives them in DER.
[[nodiscard]] Octets raw_ecdsa(const Octets& der) {
  const unsigned char* data = der.data();
  const Signature signature(d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())));
  Octets out(std::size_t{2} * kEs256Half);
  if (!signature) return {};
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), kEs256Half);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + kEs256Half, kEs256Half);
  return out;
}

[[nodiscard]] Octets sign_with_key(const Key& key, std::string_view text) {
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return {};
  if (EVP_DigestSign(digest.get(), nullptr, &size, octets(text), text.size()) != 1) return {};
  Octets out(size);
  if (EVP_DigestSign(digest.get(), out.data(), &size, octets(text), text.size()) != 1) return {};
  out.resize(size);
  return algorithm_of(key) == "ES256" ? raw_ecdsa(out) : out;
}

[[nodiscard]] Octets sign_with_secret(std::string_view secret, std::string_view text) {
  Octets out(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), octets(text), text.size(),
       out.data(), &size);
  out.resize(size);
  return out;
}

}  // namespace

std::string check_token_key(const Credentials& credentials) {
  if (!is_pem(credentials.secret)) {
    return credentials.secret.empty() ? "The key that signs the buyers' tokens is empty." : "";
  }
  if (algorithm_of(read_key(credentials.secret)).empty()) {
    return "The key that signs the buyers' tokens is neither an RSA nor a P-256 private key.";
  }
  return {};
}

std::string sign_token(const Credentials& credentials, std::string_view buyer,
                       std::string_view sale) {
  const bool pem = is_pem(credentials.secret);
  const Key key = pem ? read_key(credentials.secret) : nullptr;
  const std::string_view algorithm = pem ? algorithm_of(key) : "HS256";
  if (algorithm.empty()) return {};
  const std::string header = R"({"alg":")" + std::string(algorithm) + R"(","typ":"JWT"})";
  std::string claims = R"({"sub":")" + std::string(buyer) + R"(","sale":")" + std::string(sale);
  if (!credentials.audience.empty()) claims += R"(","aud":")" + credentials.audience;
  claims += R"(","exp":)" + std::to_string(std::time(nullptr) + kLifetimeSeconds) + "}";
  const std::string text = base64url(header) + "." + base64url(claims);
  const Octets signature =
      pem ? sign_with_key(key, text) : sign_with_secret(credentials.secret, text);
  return text + "." + base64url(signature.data(), signature.size());
}

}  // namespace dibs::load

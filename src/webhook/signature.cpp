#include "webhook/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/assert.h"

namespace dibs::webhook {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kVersion = "v1,";
constexpr std::size_t kSecretMin = 24;
constexpr std::size_t kSecretMax = 64;
constexpr std::size_t kFreshSecret = 32;
constexpr std::size_t kIdMax = 256;
constexpr int kSignaturesMax = 16;  ///< one a secret; a longer list only costs us time

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(size) - padding);
  if (to_base64(out) != text) return std::nullopt;  // each key has exactly one spelling
  return out;
}

std::string signature_of(const Signature& message, std::string_view body, const Secret& secret) {
  std::string content = message.id;
  content.append(".").append(message.timestamp).append(".").append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* done = HMAC(
      EVP_sha256(), secret.bytes().data(), static_cast<int>(secret.bytes().size()),
      reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(), &size);
  DIBS_ASSERT(done != nullptr);
  return to_base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<Secret> Secret::parse(std::string_view text) {
  const auto bytes =
      text.starts_with(kPrefix) ? from_base64(text.substr(kPrefix.size())) : std::nullopt;
  if (bytes && bytes->size() >= kSecretMin && bytes->size() <= kSecretMax) return Secret(*bytes);
  return fault(FaultKind::bad_input, "A webhook secret is not one.",
               "It is whsec_ and 24 to 64 bytes in base64: "
               "echo whsec_$(openssl rand -base64 32)");
}

Secret Secret::random() {
  std::string bytes(kFreshSecret, '\0');
  DIBS_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                         static_cast<int>(bytes.size())) == 1);
  return Secret(std::move(bytes));
}

std::string Secret::text() const { return std::string(kPrefix) + to_base64(bytes_); }

Signature sign(std::string_view id, Instant now, std::string_view body,
               const std::vector<Secret>& secrets) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  Signature message{std::string(id), std::to_string(seconds), {}};
  std::string all;
  for (const Secret& secret : secrets) {
    if (!all.empty()) all += ' ';
    all.append(kVersion).append(signature_of(message, body, secret));
  }
  message.signature = std::move(all);
  return message;
}

Check check(const Signature& given, std::string_view body, Instant now,
            const std::vector<Secret>& secrets) {
  const auto seconds = seconds_of(given.timestamp);
  if (given.id.empty() || given.id.size() > kIdMax || given.signature.empty() || !seconds) {
    return Check::malformed;
  }
  bool fits = false;
  for (const Secret& secret : secrets) {
    const std::string wanted = std::string(kVersion) + signature_of(given, body, secret);
    std::string_view rest = given.signature;
    for (int i = 0; i < kSignaturesMax && !rest.empty(); ++i) {
      const auto one = rest.substr(0, rest.find(' '));
      fits |= same(one, wanted);
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    }
  }
  if (!fits) return Check::forged;
  const auto sent = Instant(std::chrono::seconds(std::min<std::int64_t>(*seconds, 4'000'000'000)));
  return sent < now - kWindow || sent > now + kWindow ? Check::stale : Check::good;
}

}  // namespace dibs::webhook

#include "events/chained_event.h"

#include <openssl/evp.h>

#include <memory>

#include "base/assert.h"
#include "base/bytes.h"

namespace dibs::events {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
/// Most events are smaller, packed.
constexpr std::size_t kBytesUsual = 256;

/// OpenSSL's one-call SHA256() looks the algorithm up by its name in every call, under locks; that
/// took longer than to hash an event.
ChainHash sha256(std::string_view bytes) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  ChainHash hash{};
  DIBS_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1);
  DIBS_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  DIBS_ASSERT(EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1);
  return hash;
}

}  // namespace

ChainHash chain_hash(const ChainHash& previous, const SaleId& sale, const sale::Event& event) {
  std::string bytes;
  bytes.reserve(kBytesUsual);
  bytes.append(previous.begin(), previous.end());
  bytes += sale.view();
  bytes += '\0';
  ByteWriter packed(bytes);
  sale::encode(event, packed);
  return sha256(bytes);
}

std::string to_hex(const ChainHash& hash) {
  std::string text;
  text.reserve(2 * hash.size());
  for (const std::uint8_t byte : hash) {
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 0xFU];
  }
  return text;
}

std::optional<ChainHash> parse_hash(std::string_view text) {
  ChainHash hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const auto high = kHexDigits.find(text[2 * i]);
    const auto low = kHexDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    hash.at(i) = static_cast<std::uint8_t>((high << 4U) | low);
  }
  return hash;
}

}  // namespace dibs::events

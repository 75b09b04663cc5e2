#include "store/chain.h"

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/assert.h"
#include "base/bytes.h"

namespace dibs::store {
namespace {

/// Most events are smaller, packed.
constexpr std::size_t kBytesUsual = 256;

}  // namespace

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

}  // namespace dibs::store

#include "events/chained_event.h"

#include <openssl/sha.h>

#include "base/bytes.h"

namespace dibs::events {

ChainHash chain_hash(const ChainHash& previous, const SaleId& sale, const sale::Event& event) {
  std::string bytes(previous.begin(), previous.end());
  bytes += sale.view();
  bytes += '\0';
  ByteWriter packed(bytes);
  sale::encode(event, packed);
  ChainHash hash{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

std::string to_hex(const ChainHash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (const std::uint8_t byte : hash) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

}  // namespace dibs::events

#include "redis/hash_slot.h"

#include <boost/crc.hpp>

namespace dibs::redis {

std::size_t hash_slot_of(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t end = key.find('}', open + 1);
    if (end != std::string_view::npos && end > open + 1) {
      key = key.substr(open + 1, end - open - 1);
    }
  }
  // CRC-16/XMODEM. What Boost calls crc_xmodem_type is another one.
  boost::crc_optimal<16, 0x1021, 0, 0, false, false> crc;
  crc.process_bytes(key.data(), key.size());
  return crc.checksum() % kHashSlots;
}

}  // namespace dibs::redis

#include "store/random_keys.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "base/assert.h"

namespace dibs::store {
namespace {

void fill(std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    DIBS_ASSERT(got > 0);  // cannot fail otherwise on any Linux this builds for
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
}

template <class Bytes>
void fill_from(std::uint64_t seed, Bytes& bytes) {
  std::mt19937_64 bits(seed);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(bits());
}

}  // namespace

OrderKey RandomKeys::next() {
  if (used_ == bytes_.size()) {
    if (seed_ == 0) {
      fill(bytes_.data(), bytes_.size());
    } else {
      fill_from(++seed_, bytes_);
    }
    used_ = 0;
  }
  OrderKey key;
  std::memcpy(key.bytes.data(), bytes_.data() + used_, sizeof key.bytes);
  used_ += sizeof key.bytes;
  return key;
}

}  // namespace dibs::store

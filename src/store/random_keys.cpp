#include "store/random_keys.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

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

}  // namespace

OrderKey RandomKeys::next() {
  if (used_ == bytes_.size()) {
    fill(bytes_.data(), bytes_.size());
    used_ = 0;
  }
  OrderKey key;
  std::memcpy(key.bytes.data(), bytes_.data() + used_, sizeof key.bytes);
  used_ += sizeof key.bytes;
  return key;
}

}  // namespace dibs::store

#include "http/doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/assert.h"

namespace dibs::http {

Doorbell::Doorbell() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Doorbell::ring() {
  if (state_.exchange(kRung) != kAsleep) return;
  const std::uint64_t one = 1;
  const ssize_t written = ::write(event_.get(), &one, sizeof one);
  // At most one ring a sleep is in it, far from the 2^64 - 2 that fill it.
  DIBS_ASSERT(written == sizeof one);
}

bool Doorbell::may_sleep() {
  int expected = kAwake;
  return state_.compare_exchange_strong(expected, kAsleep);
}

void Doorbell::awake(bool readable) {
  state_.store(kAwake);
  if (!readable) return;
  std::uint64_t rings = 0;
  const ssize_t read = ::read(event_.get(), &rings, sizeof rings);
  DIBS_ASSERT(read == sizeof rings || errno == EAGAIN);
}

}  // namespace dibs::http

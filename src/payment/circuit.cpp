#include "payment/circuit.h"

namespace dibs::payment {

Duration Circuit::wait(Duration now) {
  const std::lock_guard lock(mutex_);
  if (failures_ < kFailures) return Duration(0);
  if (now < rests_until_) return rests_until_ - now;
  rests_until_ = now + kRest;  // this one tries; the others wait for what comes of it
  return Duration(0);
}

void Circuit::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
}

bool Circuit::failed(Duration now) {
  const std::lock_guard lock(mutex_);
  ++failures_;
  if (failures_ >= kFailures) rests_until_ = now + kRest;
  return failures_ == kFailures;
}

std::optional<Duration> Circuit::open_for(Duration now) const {
  const std::lock_guard lock(mutex_);
  if (failures_ < kFailures || now >= rests_until_) return std::nullopt;
  return rests_until_ - now;
}

}  // namespace dibs::payment

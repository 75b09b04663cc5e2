// The first lock, but nobody is refused at once: who does not get it tries again, with a pause
// between, until a time-out.
//
// What goes wrong: waiting is no line. The lock is free for whoever asks first after the DEL, so
// somebody who has just come takes it while those who wait are in their pause; they find the shelf
// empty when they get their turn. Everybody who waits holds a thread and asks Redis again and
// again, and who waits longer than the time-out is refused as before.
#include "baselines/shop_lock.h"

namespace dibs::baselines {
namespace {

class LockWait final : public Design {
 public:
  Bought buy(Desk& desk, sale::OrderView& order) override {
    Duration waited{0};
    while (!try_lock(desk, order)) {
      if (desk.redis.lost() || waited >= desk.settings.lock_wait) return Bought::lock_failed;
      desk.settings.sleep(desk.settings.lock_pause);
      waited += desk.settings.lock_pause;
    }
    return buy_in_lock(desk, order);
  }
};

}  // namespace

std::unique_ptr<Design> make_lock_wait() { return std::make_unique<LockWait>(); }

}  // namespace dibs::baselines

// The shop's second design: one lock for the whole sale, and whoever holds it buys and pays.
//
//     SET lock NX PX 10000   no: refused, `lock_failed`, nobody waits
//     GET stock              none left: DEL lock, sold out
//     pay                    inside the lock: everybody else is refused meanwhile
//     DECRBY stock           if paid
//     DEL lock               whoever has it by now
//
// What goes wrong:
// - The lock goes to whoever happens to grab it, not to whoever came first. Those who came while it
//   was held went away empty with units on the shelf, and somebody later got them: the shop's 42nd.
// - The lock ends by itself after 10 s. A payment that takes longer sells outside the lock, and its
//   DEL then takes the lock of the next from under them. Look and decrement are two steps, so the
//   same unit is sold again, to as many as get in.
#include "baselines/shop_lock.h"

namespace dibs::baselines {
namespace {

class Lock final : public Design {
 public:
  Bought buy(Desk& desk, sale::OrderView& order) override {
    if (!try_lock(desk, order)) return Bought::lock_failed;
    return buy_in_lock(desk, order);
  }
};

}  // namespace

bool try_lock(Desk& desk, const sale::OrderView& order) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(desk.settings.lock_expiry);
  return desk.redis.done(
      {"SET", desk.keys.lock, to_text(order.id), "NX", "PX", std::to_string(ms.count())});
}

void unlock(Desk& desk) { desk.redis.number({"DEL", desk.keys.lock}); }

Bought buy_in_lock(Desk& desk, const sale::OrderView& order) {
  if (desk.look_at_stock() < units_of(order)) {
    unlock(desk);
    return Bought::sold_out;
  }
  const bool paid = desk.pay(order);
  if (paid) desk.take(units_of(order));
  unlock(desk);
  return paid ? Bought::paid : Bought::payment_failed;
}

std::unique_ptr<Design> make_lock() { return std::make_unique<Lock>(); }

}  // namespace dibs::baselines

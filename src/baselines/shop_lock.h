#pragma once

#include "baselines/design.h"

/// The steps that the designs with a lock share. The lock is one key in Redis for the whole sale.
namespace dibs::baselines {

/// Takes the lock if nobody has it; does not wait. It ends by itself after Settings::lock_expiry.
[[nodiscard]] bool try_lock(Desk& desk, const sale::OrderView& order);
/// Takes the lock away, whoever has it: the shop's DEL did not look.
void unlock(Desk& desk);
/// With the lock: looks, pays, decrements if paid, unlocks.
[[nodiscard]] Bought buy_in_lock(Desk& desk, const sale::OrderView& order);

}  // namespace dibs::baselines

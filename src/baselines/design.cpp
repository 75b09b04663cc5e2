#include "baselines/design.h"

namespace dibs::baselines {

void Desk::take(std::int64_t units) {
  redis.number({"DECRBY", keys.stock, std::to_string(units)});
  if (!redis.lost()) stock -= units;
}

void Desk::give_back(std::int64_t units) {
  redis.number({"INCRBY", keys.stock, std::to_string(units)});
  if (!redis.lost()) stock += units;
}

bool Desk::pay(const sale::OrderView& order) { return settings.pay(order, order.reference.view()); }

void Design::payment_succeeded(Desk& desk, const sale::OrderView& order) {
  desk.book.set(order.id.key, sale::OrderState::paid, sale::Money::captured);
}

void Design::payment_failed(Desk& desk, const sale::OrderView& order) {
  desk.give_back(units_of(order));
  desk.book.set(order.id.key, sale::OrderState::released, sale::Money::none,
                sale::Reason::payment_failed);
}

bool Design::work(Desk& /*desk*/) { return false; }

std::unique_ptr<Design> make_design(std::string_view name) {
  if (name == "lock") return make_lock();
  if (name == "lock-improved") return make_lock_improved();
  if (name == "lock-wait") return make_lock_wait();
  if (name == "queue") return make_queue();
  if (name == "lua") return make_lua();
  return nullptr;
}

}  // namespace dibs::baselines

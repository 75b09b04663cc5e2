// The shop's third design, as it was published: one script looks, decrements and pushes the order.
//
//     buy:         script   stock >= quantity: DECRBY stock, RPUSH orders; else sold out
//     not paid:    INCRBY stock, RPOP orders     the *last* order, whoever's it is
//     paid:        LPOP orders until none is left, and every one of them is noted as paid
//
// The script itself is right: it is one step, and it never oversells. What goes wrong is around it:
// - A failed payment takes another buyer's order away. That buyer pays and has nothing.
// - The order whose payment failed stays in the list, and the next completion notes it as paid.
//   Its units were given back too, so they are sold twice.
// - A unit given back goes to whoever presses next, not to the first who was refused.
#include <mutex>

#include "baselines/design.h"

namespace dibs::baselines {
namespace {

// KEYS: stock, orders. ARGV: order, quantity. 1: taken; 0: not enough.
constexpr std::string_view kBuy = R"(
local stock = tonumber(redis.call('GET', KEYS[1]) or '0')
if stock < tonumber(ARGV[2]) then return 0 end
redis.call('DECRBY', KEYS[1], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
)";

class Lua final : public Design {
 public:
  Bought buy(Desk& desk, sale::OrderView& order) override {
    std::call_once(loaded_,
                   [&] { script_ = desk.redis.text({"SCRIPT", "LOAD", kBuy}).value_or(""); });
    const std::int64_t units = units_of(order);
    // Noted before the script pushes it, so that whoever pops it finds it.
    desk.book.add(order);
    const bool taken =
        desk.redis.number({"EVALSHA", script_, "2", desk.keys.stock, desk.keys.orders,
                           to_text(order.id), std::to_string(units)}) == 1;
    if (taken) {
      desk.stock -= units;
      return Bought::held;
    }
    desk.book.remove(order.id.key);
    return Bought::sold_out;
  }

  void payment_succeeded(Desk& desk, const sale::OrderView& /*order*/) override {
    while (const auto popped = desk.redis.text({"LPOP", desk.keys.orders})) {
      if (const auto id = parse_order_id(*popped)) {
        desk.book.set(id->key, sale::OrderState::paid, sale::Money::captured);
      }
    }
  }

  void payment_failed(Desk& desk, const sale::OrderView& order) override {
    desk.give_back(units_of(order));
    const auto last = desk.redis.text({"RPOP", desk.keys.orders});
    const auto id = parse_order_id(last.value_or(""));
    if (!id) return;
    const bool own = id->key == order.id.key;
    desk.book.set(id->key, sale::OrderState::released, sale::Money::none,
                  own ? sale::Reason::payment_failed : sale::Reason::cancelled);
  }

 private:
  std::once_flag loaded_;
  std::string script_;  ///< the name that Redis gave it
};

}  // namespace

std::unique_ptr<Design> make_lua() { return std::make_unique<Lua>(); }

}  // namespace dibs::baselines

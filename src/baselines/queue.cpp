// The shop's first design: a virtual queue, and a worker that serves it.
//
//     buyer:   GET stock   none left: sold out
//              RPUSH queue, "you are in the queue"
//     worker:  once a second: LPOP queue, pay
//              paid: DECRBY stock; not paid: INCRBY stock
//
// What goes wrong:
// - Nothing is taken while people get in, so everybody sees stock and everybody gets in: thousands
//   for ten units. At one a second nearly all of them never reach payment, and nobody tells them.
// - The worker does not look before it decrements: it sells on below zero.
// - A failed payment gives back what was never taken: stock that does not exist.
#include "baselines/design.h"

namespace dibs::baselines {
namespace {

class Queue final : public Design {
 public:
  Bought buy(Desk& desk, sale::OrderView& order) override {
    if (desk.look_at_stock() < units_of(order)) return Bought::sold_out;
    // Noted before it is passed on, so that the worker finds it.
    order.state = sale::OrderState::waiting;
    order.expires_at.reset();
    desk.book.add(order);
    desk.redis.number({"RPUSH", desk.keys.queue, to_text(order.id)});
    return Bought::queued;
  }

  bool work(Desk& desk) override {
    const auto id = parse_order_id(desk.redis.text({"LPOP", desk.keys.queue}).value_or(""));
    const auto order = id ? desk.book.find(id->key) : std::nullopt;
    if (!order) return true;
    if (desk.pay(*order)) {
      desk.take(units_of(*order));
      desk.book.set(id->key, sale::OrderState::paid, sale::Money::captured);
    } else {
      payment_failed(desk, *order);
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Design> make_queue() { return std::make_unique<Queue>(); }

}  // namespace dibs::baselines

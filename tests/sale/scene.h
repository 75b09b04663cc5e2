#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "sale/sale.h"

namespace dibs::sale {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A sale that is spoken to in the words of a shop. Orders are named by their arrival; time is what
/// the test says it is, and what is due happens whenever a command comes.
class Scene : public testing::Test {
 protected:
  static constexpr Instant kNoon = from_ns(1'796'122'800'000'000'000);

  Scene() {
    spec.title = "Concert";
    spec.currency = "KRW";
    spec.items = {{SkuId("floor"), "Floor", 50'000, 2}};
  }

  Outcome put(std::uint32_t present = ~0U) { return run(Put{spec, present}); }

  using Basket = std::vector<std::pair<const char*, std::uint32_t>>;
  Outcome buy(const char* buyer, Basket basket = {{"floor", 1}}, const char* key = "") {
    Buy buy;
    buy.buyer = BuyerId(buyer);
    buy.key = IdempotencyKey(key);
    for (const auto& [sku, quantity] : basket) buy.lines.push_back({SkuId(sku), quantity, 0});
    buy.arrival = Arrival(++pressed);
    buy.order = key_of(pressed);
    return run(buy);
  }
  Outcome begin(std::uint64_t order) { return run(BeginPayment{key_of(order)}); }
  Outcome pay(std::uint64_t order, bool captured = true) {
    return run(PaymentSucceeded{key_of(order), captured});
  }
  Outcome fail(std::uint64_t order) { return run(PaymentFailed{key_of(order)}); }
  Outcome capture(std::uint64_t order, bool done) {
    return run(CaptureSettled{key_of(order), done});
  }
  Outcome cancel(std::uint64_t order) { return run(Cancel{key_of(order)}); }
  Outcome refund(std::uint64_t order, bool restock) { return run(Refund{key_of(order), restock}); }
  Outcome restock(std::int64_t delta, const char* key = "", const char* sku = "floor") {
    return run(Restock{SkuId(sku), delta, IdempotencyKey(key)});
  }

  Outcome run(Command::Action action) {
    if (!std::holds_alternative<Restart>(action)) settle();
    Outcome outcome = sale.apply(Command{std::move(action), "anna"}, now, events);
    settle();
    return outcome;
  }
  void settle() {
    while (sale.due(now)) sale.step(now, events);
  }
  void wait(Duration time) {
    now += time;
    settle();
  }

  OrderView order(std::uint64_t number) const {
    const auto view = sale.find(key_of(number));
    EXPECT_TRUE(view) << "no order " << number;
    return view.value_or(OrderView{});
  }
  OrderState state(std::uint64_t number) const { return order(number).state; }
  ItemView item(std::size_t index = 0) const { return sale.view().items.at(index); }
  template <class FactType>
  int count() const {
    int found = 0;
    for (const Event& event : events) found += std::holds_alternative<FactType>(event.fact) ? 1 : 0;
    return found;
  }

  static OrderKey key_of(std::uint64_t number) {
    OrderKey key;
    for (std::size_t i = 0; i < 8; ++i) {
      key.bytes.at(i) = static_cast<std::uint8_t>(number >> 8 * i);
    }
    return key;
  }

  SaleSpec spec;
  Sale sale{SaleId("concert")};
  Instant now = kNoon;
  std::uint64_t pressed = 0;
  std::vector<Event> events;
};

}  // namespace dibs::sale

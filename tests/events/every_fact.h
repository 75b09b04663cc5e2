#pragma once

#include <utility>
#include <vector>

#include "events/chained_event.h"

namespace dibs::events {

/// A history with every fact that there is, and every way in which one is told. It need not be one
/// that the rules allow.
inline std::vector<std::pair<const char*, sale::Fact>> every_fact() {
  const auto at = [](std::int64_t ns) { return from_ns(1'796'036'400'000'000'000 + ns); };
  OrderKey key;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes.at(i) = static_cast<std::uint8_t>(i);
  const sale::OrderRef order{key, Arrival(7)};
  sale::SaleSpec plain;
  plain.title = "Konzert";
  plain.currency = "KRW";
  plain.items = {{SkuId("floor"), "Floor", 50'000, 10}};
  sale::SaleSpec full = plain;
  full.title = "콘서트 \"Ein\\es\"\n";
  full.items.push_back({SkuId("seat.a-1_"), "Sitz", 0, 0});
  full.opens_at = at(1);
  full.closes_at = at(999'999'999);
  full.hold_seconds = 86'400;
  full.payment_seconds = 0;
  full.payment_attempts = 3;
  full.promotion_seconds = 60;
  full.limit_per_buyer = 4;
  full.line_limit = 0;
  full.payment = sale::PaymentMode::shop;
  full.checkout_url = "https://shop.example/checkout";
  full.notify_url = "https://shop.example/notify?a=1";
  full.public_stock_hidden = true;
  full.test = true;

  sale::Accepted held;
  held.order = order;
  held.received = at(123'456'789);
  held.buyer = BuyerId("buyer-1");
  held.key = IdempotencyKey("key-1");
  held.reference = Reference("cart-9");
  held.lines = {{SkuId("floor"), 2, 50'000}, {SkuId("seat.a-1_"), 1, 0}};
  held.expires_at = at(300'000'000'001);
  sale::Accepted waiting = held;
  waiting.state = sale::OrderState::waiting;
  waiting.key = {};
  waiting.reference = {};
  waiting.expires_at = {};
  sale::Accepted free = waiting;
  free.state = sale::OrderState::paid;

  using sale::Money;
  using sale::Reason;
  return {
      {"created", sale::Created{plain}},
      {"changed", sale::Changed{full}},
      {"opened", sale::Opened{}},
      {"paused", sale::Paused{}},
      {"resumed", sale::Resumed{Duration(1'500'000'001), false}},
      {"resumed-after-restart", sale::Resumed{Duration(0), true}},
      {"stock-changed", sale::StockChanged{SkuId("floor"), -3, IdempotencyKey("restock-1")}},
      {"stock-changed-without-key", sale::StockChanged{SkuId("floor"), 10'000'000, {}}},
      {"held", held},
      {"waiting", waiting},
      {"paid-at-once", free},
      {"promoted", sale::Promoted{order, sale::OrderState::held, at(2)}},
      {"promoted-paid", sale::Promoted{order, sale::OrderState::paid, {}}},
      {"paying", sale::Paying{order, 1, at(3), true}},
      {"paying-in-time", sale::Paying{order, 2, at(3), false}},
      {"declined", sale::Declined{order}},
      {"paid", sale::Paid{order, Money::authorised, false}},
      {"paid-late", sale::Paid{order, Money::captured, true}},
      {"captured", sale::MoneyMoved{order, Money::captured}},
      {"voided", sale::MoneyMoved{order, Money::voided}},
      {"refunded", sale::MoneyMoved{order, Money::refunded}},
      {"refund-due", sale::RefundDue{order}},
      {"released-expired", sale::Released{order, Reason::expired, Money::none}},
      {"released-cancelled", sale::Released{order, Reason::cancelled, Money::voided}},
      {"released-payment-failed", sale::Released{order, Reason::payment_failed, Money::none}},
      {"released-capture-failed", sale::Released{order, Reason::capture_failed, Money::voided}},
      {"released-refunded", sale::Released{order, Reason::refunded, Money::refund_due}},
      {"sold-out", sale::EndedSoldOut{order}},
      {"line-shut", sale::LineShut{SkuId("floor"), Arrival(99)}},
      {"line-reopened", sale::LineReopened{SkuId("floor")}},
      {"line-ended", sale::LineEnded{SkuId("floor"), Arrival(120), false}},
      {"line-closed", sale::LineEnded{SkuId("floor"), Arrival(121), true}},
      {"closed", sale::Closed{}},
      {"removed", sale::Removed{}},
      {"archived", sale::Archived{{1, 2, 3, 255}}},
  };
}

/// The same as one chain.
inline std::vector<std::pair<const char*, ChainedEvent>> every_event() {
  std::vector<std::pair<const char*, ChainedEvent>> out;
  ChainHash previous{};
  for (auto& [name, fact] : every_fact()) {
    const std::uint64_t seq = out.size() + 1;
    ChainedEvent one;
    one.sale = SaleId("concert");
    one.epoch = "0123456789abcdef0123456789abcdef";
    one.test = seq > 1;
    const auto ns = 1'796'036'400'000'000'000 + 1'000'000'007 * static_cast<std::int64_t>(seq);
    one.event = {Seq(seq), from_ns(ns), seq % 2 == 0 ? "anna" : "", std::move(fact)};
    one.previous = previous;
    previous = one.hash = chain_hash(previous, one.sale, one.event);
    out.emplace_back(name, std::move(one));
  }
  return out;
}

}  // namespace dibs::events

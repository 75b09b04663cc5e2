#include "ledger/rush.h"

#include <utility>

#include "sale/sale.h"

namespace dibs::ledger {

std::vector<sale::Event> rush_events(std::uint64_t orders) {
  sale::Sale sale(SaleId("rush"));
  sale::SaleSpec spec;
  spec.title = "Rush";
  spec.currency = "KRW";
  spec.items = {{SkuId("floor"), "Floor", 100, static_cast<std::int64_t>(orders)}};
  spec.payment = sale::PaymentMode::shop;
  spec.hold_seconds = 3'600;
  std::vector<sale::Event> events;
  const Instant start = from_ns(1'800'000'000'000'000'000);
  const auto at = [&](std::uint64_t i) { return start + std::chrono::microseconds(20 * i); };
  const auto apply = [&](std::uint64_t i, sale::Command::Action action) {
    while (sale.due(at(i))) sale.step(at(i), events);
    static_cast<void>(sale.apply({.action = std::move(action), .actor = {}}, at(i), events));
  };
  apply(0, sale::Put{.spec = spec, .present = UINT32_MAX});
  const auto key_of = [](std::uint64_t i) {
    OrderKey key;
    for (std::size_t b = 0; b < 8; ++b) key.bytes.at(b) = static_cast<std::uint8_t>(i >> (8 * b));
    return key;
  };
  for (std::uint64_t i = 1; i <= orders; ++i) {
    sale::Buy buy;
    buy.order = key_of(i);
    buy.arrival = Arrival(i);
    buy.buyer = BuyerId("buyer-" + std::to_string(i));
    buy.lines = {{SkuId("floor"), 1, 0}};
    apply(i, std::move(buy));
    if (i % 3 == 0) {
      apply(i, sale::BeginPayment{.order = key_of(i)});
      apply(i, sale::PaymentSucceeded{.order = key_of(i), .captured = true});
    } else if (i % 5 == 0) {
      apply(i, sale::Cancel{.order = key_of(i)});
    }
  }
  return events;
}

std::vector<Delivered> chained(const SaleId& sale, const std::vector<sale::Event>& events,
                               const std::string& epoch) {
  std::vector<Delivered> all;
  events::ChainHash hash{};
  for (const sale::Event& event : events) {
    Delivered one;
    one.event.sale = sale;
    one.event.epoch = epoch;
    one.event.event = event;
    one.event.previous = hash;
    one.event.hash = events::chain_hash(hash, sale, event);
    hash = one.event.hash;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace dibs::ledger

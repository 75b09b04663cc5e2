#include "benchmarks.h"
#include "crowd.h"

namespace dibs::bench {
namespace {

/// A million orders in 400 MiB.
constexpr double kBytesPerOrderMost = 400.0 * 1024 * 1024 / 1e6;

/// Resident bytes that `orders` orders of as many buyers add, in the state that `stock` leads to.
double bytes_per_order(std::size_t orders, std::int64_t stock, std::uint64_t line_limit) {
  sale::Sale sale = open_sale(stock, line_limit);
  std::vector<sale::Event> events;
  const std::size_t before = resident_bytes();
  for (std::uint64_t person = 0; person < orders; ++person) {
    events.clear();
    const sale::Outcome outcome = sale.apply({.action = buy_of(person)}, opening(), events);
    require(outcome.code == sale::Code::ok, "every buy is accepted");
  }
  return static_cast<double>(resident_bytes() - before) / static_cast<double>(orders);
}

void report(const char* what, double bytes) {
  print({what, fixed(bytes, 0) + " bytes",
         fixed(bytes * 1e6 / 1024 / 1024, 0) + " MiB for a million", "<= 400 MiB for a million"});
  require(bytes <= kBytesPerOrderMost, "a million orders take at most 400 MiB");
}

}  // namespace

void memory(Size size) {
  const std::size_t orders = size == Size::small ? 100'000 : 1'000'000;
  report("memory: an order that holds a unit",
         bytes_per_order(orders, static_cast<std::int64_t>(orders), 0));
}

void waiting_memory(Size size) {
  const std::size_t orders = size == Size::small ? 100'000 : 1'000'000;
  report("memory: an order that waits", bytes_per_order(orders, 1, orders));
}

}  // namespace dibs::bench

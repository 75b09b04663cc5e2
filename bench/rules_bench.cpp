#include <malloc.h>

#include "benchmarks.h"
#include "crowd.h"
#include "plain_reservation.h"

namespace dibs::bench {
namespace {

/// Presses that are made before the clock runs and are gone through while it does: as many as the
/// smallest sale has, so that those of a large one do not lie in a farther cache.
constexpr std::size_t kChunk = 1'000;

/// Orders a second of this thread's processor time: `count` presses from person `from` on. Each is
/// announced to `fetch` as far ahead as the engine's sequencer does.
template <class Fetch, class Press>
double presses_per_second(std::uint64_t from, std::size_t count, Fetch fetch, Press press) {
  double seconds = 0;
  for (std::size_t done = 0; done < count; done += kChunk) {
    const auto commands = buys_of(from + done, std::min(kChunk, count - done));
    const double began = thread_cpu_seconds();
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if (i + sale::Sale::kFetchAhead < commands.size()) {
        fetch(commands[i + sale::Sale::kFetchAhead]);
      }
      press(commands[i]);
    }
    seconds += thread_cpu_seconds() - began;
  }
  return static_cast<double>(count) / seconds;
}

/// Counts the buys that came to `code`.
struct Buyer {
  sale::Sale& sale;
  sale::Code code;
  std::size_t count = 0;
  std::vector<sale::Event> events = {};

  void operator()(const sale::Command& command) {
    events.clear();
    if (sale.apply(command, opening(), events).code == code) ++count;
  }
};

auto fetching(const sale::Sale& sale) {
  return [&sale](const sale::Command& command) { sale.fetch(command); };
}

double rate_of_rules(std::int64_t stock, std::size_t presses, sale::Code expected) {
  sale::Sale sale = open_sale(stock, 0);
  Buyer buyer{sale, expected};
  const double rate = presses_per_second(0, presses, fetching(sale),
                                         [&](const sale::Command& command) { buyer(command); });
  require(buyer.count == presses, "every buy comes to the same code");
  require(sale.recount().empty(), "the sale's figures are right after the run");
  return rate;
}

double rate_of_plain(std::int64_t stock, std::size_t presses) {
  PlainReservation reservation(stock);
  std::size_t taken = 0;
  const double rate = presses_per_second(
      0, presses, [](const sale::Command&) {},
      [&](const sale::Command& command) {
        if (reservation.buy(std::get<sale::Buy>(command.action))) ++taken;
      });
  require(taken == (stock > 0 ? presses : 0), "the yardstick sells what it has");
  return rate;
}

void compare(const char* what, std::int64_t stock, std::size_t presses, sale::Code expected,
             int rounds, const char* goal) {
  const Paired rates = in_turn(
      rounds, [&] { return rate_of_rules(stock, presses, expected); },
      [&] { return rate_of_plain(stock, presses); });
  print({what, with_commas(rates.ours) + "/s",
         fixed(rates.ratio) + " of lock and map at " + with_commas(rates.peer) + "/s", goal});
  require(rates.ratio > 0.02, "the rules are not fifty times slower than a lock and a map");
}

/// Nanoseconds of an accepted order, in sales of `orders` each, `in_all` orders together.
double cost_of_order(std::size_t orders, std::size_t in_all) {
  double seconds = 0;
  std::size_t done = 0;
  for (; done < in_all; done += orders) {
    sale::Sale sale = open_sale(static_cast<std::int64_t>(orders), 0);
    Buyer buyer{sale, sale::Code::ok};
    const double rate = presses_per_second(done, orders, fetching(sale),
                                           [&](const sale::Command& command) { buyer(command); });
    require(buyer.count == orders, "every buy is accepted");
    seconds += static_cast<double>(orders) / rate;
  }
  return seconds / static_cast<double>(done) * 1e9;
}

}  // namespace

void rules(Size size) {
  const bool small = size == Size::small;
  const std::size_t presses = small ? 20'000 : 500'000;
  const int rounds = small ? 1 : 7;
  compare("rules: refused buys (processor time of one core)", 0, presses, sale::Code::sold_out,
          rounds, ">= 5,000,000/s");
  compare("rules: accepted buys (processor time of one core)", static_cast<std::int64_t>(presses),
          presses, sale::Code::ok, rounds, ">= 1,500,000/s");
}

/// What one order costs in a sale of many, beside one in sales of few, whose memory has long been
/// touched. So the large sale is sold twice: in memory fresh from the system, of which every page
/// is cleared at its first touch (and, in a virtual machine, found by the host), then again in the
/// same memory.
void growth(Size size) {
  constexpr std::size_t kFew = 1'000;
  const std::size_t many = size == Size::small   ? 20'000
                           : size == Size::usual ? 1'000'000
                                                 : 10'000'000;
  const int rounds = size == Size::usual ? 5 : 1;
  mallopt(M_MMAP_MAX, 0);  // what is given back stays in the process
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 1 << 20);
  const double fresh = cost_of_order(many, many);
  const Paired cost = in_turn(
      rounds, [&] { return cost_of_order(many, many); },
      [&] { return cost_of_order(kFew, std::min<std::size_t>(many, 1'000'000)); });
  const std::string what =
      "rules: cost of an order among " + with_commas(static_cast<double>(many));
  const std::string few = " of " + fixed(cost.peer, 0) + " ns among 1,000";
  print({what + ", memory used before", fixed(cost.ours, 0) + " ns", fixed(cost.ratio) + few,
         "<= 1.5 at 10^7"});
  print({what + ", fresh memory", fixed(fresh, 0) + " ns", fixed(fresh / cost.peer) + few, "-"});
  require(cost.ratio < 50, "an order among many costs no more than a few among 1,000");
}

}  // namespace dibs::bench

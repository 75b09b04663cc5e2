#include "ledger/history.h"

#include <algorithm>
#include <utility>

#include "ledger/comparison.h"
#include "redis/random_commands.h"
#include "sale/sale.h"

namespace dibs::ledger {

std::vector<sale::Event> random_events(std::uint64_t seed) {
  redis::RandomCommands random(seed);
  sale::Sale sale(SaleId("random"));
  std::vector<sale::Event> events;
  Instant now = random.start();
  std::uint64_t arrivals = 0;
  static_cast<void>(sale.apply(random.first_put(), now, events));
  for (std::size_t i = 0; i < random.length() && !sale.archived(); ++i) {
    now += random.pause();
    while (sale.due(now)) sale.step(now, events);
    sale::Command command = random.next(sale, now);
    const bool put = std::holds_alternative<sale::Put>(command.action);
    if (!sale.exists() && !put) continue;
    if (auto* buy = std::get_if<sale::Buy>(&command.action)) buy->arrival = Arrival(++arrivals);
    static_cast<void>(sale.apply(command, now, events));
  }
  return events;
}

std::vector<std::string> differences(const std::string& url, const std::vector<Delivered>& events) {
  auto comparison = Comparison::begin(*parse_address(url));
  if (!comparison) return {"fault: " + comparison.error().what};
  for (const Delivered& one : events) {
    const store::FedEvent fed{
        .position = one.position, .sale = one.event.sale, .event = one.event.event};
    if (auto taken = comparison->take(fed, one.event.epoch); !taken) {
      return {"fault: " + taken.error().what};
    }
  }
  const auto report = comparison->finish();
  if (!report) return {"fault: " + report.error().what};
  std::vector<std::string> words;
  for (const Difference& one : report->differences) {
    words.push_back("sale " + one.sale.value() + ": " + one.words);
  }
  return words;
}

}  // namespace dibs::ledger

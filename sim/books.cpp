#include "sim/books.h"

#include <algorithm>
#include <span>

#include "events/cloud_event.h"
#include "ledger/comparison.h"
#include "sim/memory_directory.h"

namespace dibs::sim {
namespace {

constexpr std::size_t kMostInOneGo = 48;

}  // namespace

Books::Books(std::uint64_t seed, const Topic& topic)
    : random_(seed),
      topic_(topic),
      directory_(in_memory()),
      address_(ledger::parse_address("sqlite:" + directory_.path() + "/ledger.db").value()) {
  for (int hand = 0; hand < 2; ++hand)
    hands_.push_back(std::make_unique<ledger::Applier>(address_));
}

void Books::take(const store::FedEvent& fed) { fed_.push_back(fed); }

void Books::read() {
  for (; read_ < topic_.records().size(); ++read_) {
    const auto event = events::parse_cloud_event(topic_.records()[read_]);
    if (!event) return broken_.push_back("a record is no event: " + event.error().what);
    read(*event);
  }
}

/// A sale's events come in order; what comes again is what came before.
void Books::read(const events::ChainedEvent& event) {
  auto& events = sales_[event.sale.value()].events;
  const std::size_t place = event.event.seq.value() - 1;
  if (place > events.size()) {
    broken_.push_back(event.sale.value() + ": an event overtook another on its way");
  } else if (place < events.size()) {
    if (!(events[place].event == event))
      broken_.push_back(event.sale.value() + ": an event was told twice, and not the same");
  } else {
    events.push_back({event, {}});
  }
}

void Books::deliver() {
  read();
  if (sales_.empty()) return;
  auto chosen = sales_.begin();
  std::advance(chosen, random_.below(sales_.size()));
  Sale& sale = chosen->second;
  // Mostly what comes next, with some of what came before; sometimes too far ahead.
  std::size_t from = sale.applied - std::min<std::size_t>(sale.applied, random_.below(12));
  if (random_.chance(100)) from = sale.applied + random_.below(4);
  if (from >= sale.events.size()) return;
  apply(chosen->first, sale, from, 1 + random_.below(kMostInOneGo));
}

void Books::close(const std::map<std::string, Law>& laws) {
  read();
  for (auto& [name, sale] : sales_) {
    while (sale.applied < sale.events.size() && broken_.empty()) {
      apply(name, sale, sale.applied, kMostInOneGo);
    }
  }
  if (broken_.empty()) compare(laws);
}

void Books::apply(const std::string& name, Sale& sale, std::size_t from, std::size_t count) {
  auto& hand = hands_[random_.below(hands_.size())];
  if (random_.chance(50)) hand = std::make_unique<ledger::Applier>(address_);  // another process
  const std::size_t end = std::min(from + count, sale.events.size());
  const auto report = hand->apply(std::span(sale.events).subspan(from, end - from));
  if (!report) return broken_.push_back("the ledger fails: " + report.error().what);
  const bool gap = from > sale.applied;
  const std::size_t news = gap || end <= sale.applied ? 0 : end - sale.applied;
  if (report->applied != news) {
    broken_.push_back(name + ": the ledger applied " + std::to_string(report->applied) +
                      " events where " + std::to_string(news) + " were new");
  }
  if (report->gaps.contains(SaleId(name)) != gap) {
    broken_.push_back(name + ": the ledger misjudged a gap");
  }
  for (const auto& [stopped, why] : report->stopped) {
    broken_.push_back(stopped.value() + ": the ledger stopped: " + why);
  }
  sale.applied += news;
  applied_ += news;
  duplicates_ += report->duplicates;
  gaps_ += gap ? 1 : 0;
}

void Books::compare(const std::map<std::string, Law>& laws) {
  auto comparison = ledger::Comparison::begin(address_);
  if (!comparison)
    return broken_.push_back("the ledger cannot be read: " + comparison.error().what);
  for (const auto& fed : fed_) {
    const auto& events = sales_[fed.sale.value()].events;
    if (fed.event.seq.value() > events.size())
      return broken_.push_back(fed.sale.value() + ": an event never arrived");
    const auto& arrived = events[fed.event.seq.value() - 1].event;
    if (!(arrived.event == fed.event))
      broken_.push_back(fed.sale.value() + ": another event arrived than had happened");
    if (const auto taken = comparison->take(fed, arrived.epoch); !taken)
      broken_.push_back(taken.error().what);
  }
  const auto report = comparison->finish();
  if (!report) return broken_.push_back(report.error().what);
  for (const auto& difference : report->differences) {
    broken_.push_back(difference.sale.value() + ": " + difference.words);
  }
  const auto figures = hands_.front()->figures();
  if (!figures) return broken_.push_back(figures.error().what);
  for (const auto& [name, law] : laws) {
    const auto found = figures->find(SaleId(name));
    if (found == figures->end()) {
      if (law.seq() != Seq()) broken_.push_back(name + ": the ledger does not have the sale");
      continue;
    }
    for (const auto& row : found->second.items) {
      if (!law.agrees(row.sku.value(), {row.total, row.available, row.held, row.sold})) {
        broken_.push_back(name + ": the ledger counts other units than there are");
      }
    }
  }
}

}  // namespace dibs::sim

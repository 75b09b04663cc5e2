#include "engine/told.h"

#include <algorithm>

#include "engine/entry.h"
#include "engine/inspect.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"
#include "engine/small_run.h"

namespace dibs::engine {
namespace {

constexpr auto kSale = "concert";

/// Visible events must be the first ones of those that came back.
void compare_events(const std::vector<sale::Event>& back, const Facts& facts,
                    std::vector<std::string>& broken) {
  if (back.size() < facts.events.size()) {
    broken.push_back(std::to_string(facts.events.size() - back.size()) + " visible events lost");
  } else if (!std::ranges::equal(facts.events, std::span(back).first(facts.events.size()))) {
    broken.emplace_back("visible events were changed");
  }
}

void look_for_orders(RunningEngine& running, const Facts& facts, std::vector<std::string>& broken) {
  for (const auto& [buyer, order] : facts.orders) {
    if (!running.find(order)) broken.push_back("the acknowledged order of " + buyer + " is lost");
  }
  if (facts.orders.empty()) return;
  const auto& [buyer, order] = *facts.orders.begin();
  const auto again = running.run(buy_of(buyer, buyer));
  if (!again || !again->replayed || again->order->id != order) {
    broken.push_back("the key of " + buyer + " no longer finds its order");
  }
}

void sell(RunningEngine& running, const Facts& facts, std::vector<std::string>& broken) {
  static_cast<void>(running.run(put_of(3, 10)));  // where the sale was never acknowledged
  const auto bought = running.run(buy_of("after", "after"));
  if (!bought) return broken.push_back("it does not sell: " + bought.error().what);
  if (facts.numbers.contains(bought->arrival)) {
    broken.push_back("arrival " + std::to_string(bought->arrival.value()) + " was given twice");
  }
}

}  // namespace

Result<std::vector<sale::Event>> events_of(Disk& disk, const std::string& dir) {
  std::vector<sale::Event> events;
  RecoverOptions options;
  options.visit = [&](const Record& record) {
    EntryReader reader(record.payload);
    while (const auto entry = reader.next()) {
      const auto* event = std::get_if<EventEntry>(&entry->body);
      if (event != nullptr && entry->sale == kSale) events.push_back(event->event);
    }
    return true;
  };
  if (auto recovered = recover(disk, dir, options); !recovered) {
    return std::unexpected(recovered.error());
  }
  return events;
}

void Told::on_events(const std::shared_ptr<const sale::SaleView>& view,
                     std::span<const sale::Event> events) noexcept {
  if (view->id != SaleId(kSale)) return;
  const std::scoped_lock lock(mutex_);
  facts_.events.insert(facts_.events.end(), events.begin(), events.end());
}

void Told::answered(const std::string& buyer, const Result<sale::Outcome>& outcome) {
  const std::scoped_lock lock(mutex_);
  if (!outcome) return;
  if (outcome->arrival != Arrival() && !outcome->replayed &&
      !facts_.numbers.insert(outcome->arrival).second) {
    facts_.broken.push_back("arrival " + std::to_string(outcome->arrival.value()) +
                            " was given twice");
  }
  if (outcome->code == sale::Code::ok && outcome->order) {
    facts_.orders.emplace(buyer, outcome->order->id);
  }
}

void Told::broke(const std::string& promise) {
  const std::scoped_lock lock(mutex_);
  facts_.broken.push_back(promise);
}

Facts Told::facts() const {
  const std::scoped_lock lock(mutex_);
  return facts_;
}

std::vector<std::string> broken_by_recovery(Disk& left, const Facts& facts,
                                            const std::string& dir) {
  std::vector<std::string> broken = facts.broken;
  const auto events = events_of(left, dir);
  if (!events) {
    broken.push_back("the start is refused: " + events.error().what);
  } else {
    compare_events(*events, facts, broken);
  }
  return broken;
}

std::vector<std::string> broken_by_restart(Disk& left, const ManualClock& clock, const Facts& facts,
                                           const std::string& dir) {
  std::vector<std::string> broken = broken_by_recovery(left, facts, dir);
  if (!broken.empty()) return broken;
  {
    Engine::Options options = run_options();
    options.data_dir = dir;
    RunningEngine running(options, clock, left);
    if (!running.opened()) return {"the start is refused: " + running.refusal().what};
    look_for_orders(running, facts, broken);
    sell(running, facts, broken);
    running.engine().drain();
    if (running.failed()) broken.push_back("it fails: " + running.failure().what);
  }
  // What the clean end wrote is compared with the replay: sale by sale, by the hash of the state.
  if (const auto report = verify(dir, left); report.fault) {
    broken.push_back("after a clean end: " + report.fault->what);
  }
  return broken;
}

}  // namespace dibs::engine

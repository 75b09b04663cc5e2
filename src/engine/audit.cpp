#include <algorithm>

#include "engine/disk.h"
#include "engine/inspect.h"
#include "engine/recovery.h"
#include "engine/snapshot.h"
#include "engine/tally.h"

namespace dibs::engine {
namespace {

// Beyond so many, more differences say nothing new.
constexpr std::size_t kDifferencesKept = 100;

class Comparison {
 public:
  Comparison(const SaleSlot& slot, const TallySale& tally, AuditReport& report)
      : slot_(slot), tally_(tally), report_(report) {}

  void run() {
    for (const std::string& words : tally_.faults()) differs(words);
    for (const std::string& words : slot_.sale.recount()) about(words);
    if (!slot_.sale.exists()) return;
    view_ = slot_.sale.view();
    if (view_.seq != tally_.seq()) about("the rules and the second fold end at different events");
    compare_items();
    compare_orders();
  }

 private:
  void compare_items() {
    for (std::size_t i = 0; i < view_.items.size(); ++i) {
      const sale::ItemView& mine = view_.items[i];
      const std::string& sku = view_.spec->items[i].sku.value();
      const auto other = tally_.items().find(sku);
      if (other == tally_.items().end()) {
        about("item " + sku + " is unknown to the second fold");
        continue;
      }
      compare(sku, "total", mine.total, other->second.total);
      compare(sku, "available", mine.available, other->second.available);
      compare(sku, "held", mine.held, other->second.held);
      compare(sku, "sold", mine.sold, other->second.sold);
      report_.units_total += static_cast<std::uint64_t>(std::max<std::int64_t>(mine.total, 0));
      report_.units_sold += static_cast<std::uint64_t>(std::max<std::int64_t>(mine.sold, 0));
    }
  }

  void compare(const std::string& sku, const char* figure, std::int64_t mine, std::int64_t other) {
    if (mine == other) return;
    about("item " + sku + ": " + figure + " is " + std::to_string(mine) + " by the rules and " +
          std::to_string(other) + " by the second fold");
  }

  void compare_orders() {
    sale::Sale::OrderFilter filter;
    filter.limit = 10'000;
    std::uint64_t seen = 0;
    while (true) {
      const auto page = slot_.sale.orders(filter);
      for (const sale::OrderView& order : page) compare_order(order);
      seen += page.size();
      if (page.size() < filter.limit) break;
      filter.after = page.back().arrival;
    }
    if (seen != tally_.orders().size()) {
      about(std::to_string(seen) + " orders by the rules and " +
            std::to_string(tally_.orders().size()) + " by the second fold");
    }
    report_.orders += seen;
  }

  void compare_order(const sale::OrderView& mine) {
    const auto it = tally_.orders().find(mine.arrival);
    const std::string name = "order " + to_text(mine.id);
    if (it == tally_.orders().end() || it->second.key != mine.id.key) {
      return about(name + " is unknown to the second fold");
    }
    const TallyOrder& other = it->second;
    const bool same = other.state == mine.state && other.money == mine.money &&
                      other.reason == mine.reason && other.buyer == mine.buyer &&
                      other.received == mine.created_at && other.lines == mine.lines;
    if (same) return;
    about(name + ": " + words(mine.state, mine.money, mine.reason) + " by the rules, " +
          words(other.state, other.money, other.reason) + " by the second fold");
  }

  static std::string words(sale::OrderState state, sale::Money money, sale::Reason reason) {
    std::string text(sale::to_text(state));
    if (reason != sale::Reason::none) text += " (" + std::string(sale::to_text(reason)) + ")";
    return text + ", money " + std::string(sale::to_text(money));
  }

  void about(const std::string& words) { differs("sale " + slot_.id.value() + ": " + words); }
  void differs(std::string words) {
    if (report_.differences.size() < kDifferencesKept) {
      report_.differences.push_back(std::move(words));
    }
  }

  const SaleSlot& slot_;
  const TallySale& tally_;
  AuditReport& report_;
  sale::SaleView view_;
};

/// Holds a sale that this record archives against the second fold as it is right before: nothing
/// of the sale is left afterwards.
void compare_archived(std::string_view payload, const Sales& replayed, const Tally& tally,
                      AuditReport& report) {
  EntryReader reader(payload);
  while (const auto entry = reader.next()) {
    const auto* event = std::get_if<EventEntry>(&entry->body);
    if (event == nullptr || !std::holds_alternative<sale::Archived>(event->event.fact)) continue;
    const SaleSlot* slot = replayed.find(SaleId(std::string(entry->sale)));
    const auto second = tally.sales().find(std::string(entry->sale));
    if (slot == nullptr || second == tally.sales().end()) continue;
    Comparison(*slot, second->second, report).run();
  }
}

/// The newest snapshot that can be read, and what to say of those that cannot.
SnapshotSurvey survey(Disk& disk, const std::string& dir, AuditReport& report) {
  auto surveyed = survey_snapshots(disk, dir);
  if (!surveyed) return {};  // the reading of the journal will say why
  for (const Fault& fault : surveyed->broken) {
    const bool foreign = fault.kind == FaultKind::bad_input;
    (foreign ? report.remarks : report.differences).push_back(fault.what);
  }
  return std::move(*surveyed);
}

std::string name_of(const Snapshot& snapshot) {
  return "snapshot of position " + std::to_string(snapshot.at.position.value());
}

/// Holds a snapshot against the replay of the journal up to its position.
void compare_snapshot(const Snapshot& snapshot, const Sales& replayed, AuditReport& report) {
  const std::string name = name_of(snapshot);
  if (snapshot.sales.size() != replayed.size()) {
    report.differences.push_back(name + " holds another number of sales than the journal");
  }
  snapshot.sales.each([&](const SaleSlot& slot) {
    const SaleSlot* other = replayed.find(slot.id);
    if (other == nullptr || other->sale.state_hash() != slot.sale.state_hash() ||
        other->last != slot.last || other->reserved != slot.reserved) {
      report.differences.push_back(name + ": sale " + slot.id.value() +
                                   " is not what the journal gives");
    }
  });
}

}  // namespace

Result<AuditReport> audit(const std::string& dir) { return audit(dir, posix_disk()); }

Result<AuditReport> audit(const std::string& dir, Disk& disk) {
  AuditReport report;
  Tally tally;
  Sales replayed;
  const SnapshotSurvey snapshots = survey(disk, dir, report);
  const auto& snapshot = snapshots.newest;
  bool met = false;
  std::optional<Fault> unfoldable;
  RecoverOptions options{
      .beside_server = true, .must_exist = true, .fold = false, .known = snapshots.known()};
  options.visit = [&](const Record& record) {
    ++report.records;
    compare_archived(record.payload, replayed, tally, report);
    tally.take(record.payload);
    if (auto folded = replayed.fold(record.payload); !folded) unfoldable = folded.error();
    if (snapshot && record.point() == snapshot->at) {
      met = true;
      compare_snapshot(*snapshot, replayed, report);
    }
    return !unfoldable;
  };
  const auto recovered = recover(disk, dir, options);
  if (!recovered) return std::unexpected(recovered.error());
  if (unfoldable) report.differences.push_back(unfoldable->what);
  if (snapshot && !met && !unfoldable) {
    report.differences.push_back(name_of(*snapshot) + " is not of this journal");
  }

  report.events = tally.events();
  for (const auto& [id, sale] : tally.sales()) {
    ++report.sales;
    report.arrivals += sale.arrivals();
    const SaleSlot* slot = replayed.find(SaleId(id));
    // An archived one was compared where it was archived.
    if (slot != nullptr && !slot->sale.archived()) Comparison(*slot, sale, report).run();
  }
  return report;
}

}  // namespace dibs::engine

#include "ledger/run.h"

#include <map>

namespace dibs::ledger {
namespace {

std::string place_of(const SaleId& sale, const events::ChainedEvent& event) {
  return "sale " + sale.value() + ", event " + std::to_string(event.event.seq.value());
}

/// Why `event` is not of this row's history; empty: it may be.
std::string objection_to(const SaleId& sale, const AppliedRow& row,
                         const events::ChainedEvent& event) {
  if (event.epoch != row.epoch) {
    return place_of(sale, event) + " is of epoch " + event.epoch + "; the ledger follows epoch " +
           row.epoch + ", up to event " + std::to_string(row.seq.value());
  }
  if (events::chain_hash(event.previous, sale, event.event) != event.hash) {
    return place_of(sale, event) + " is not what its hash " + events::to_hex(event.hash) +
           " was made of";
  }
  if (event.event.seq == row.seq && event.hash != row.hash) {
    return place_of(sale, event) + " has the hash " + events::to_hex(event.hash) +
           "; the ledger has applied one with the hash " + events::to_hex(row.hash);
  }
  return {};
}

}  // namespace

Run run_of(const SaleId& sale, const AppliedRow& row, std::span<const Delivered* const> events) {
  Run run;
  AppliedRow at = row;
  std::map<Seq, events::ChainHash> ahead;  // came before those that they follow
  for (const Delivered* delivered : events) {
    const events::ChainedEvent& event = delivered->event;
    run.stopped = objection_to(sale, at, event);
    if (!run.stopped.empty()) return run;
    if (event.event.seq <= at.seq) {
      ++run.duplicates;
      continue;
    }
    const bool next = event.event.seq == at.seq.next();
    if (!next || !ahead.empty()) {
      const auto [seen, first] = ahead.try_emplace(event.event.seq, event.hash);
      if (seen->second != event.hash) {
        run.stopped = place_of(sale, event) + " has come with the hashes " +
                      events::to_hex(seen->second) + " and " + events::to_hex(event.hash);
        return run;
      }
    }
    if (!next) continue;
    if (event.previous != at.hash) {
      run.stopped = place_of(sale, event) + " follows an event with the hash " +
                    events::to_hex(event.previous) + "; the ledger's last has the hash " +
                    events::to_hex(at.hash);
      return run;
    }
    run.next.push_back(delivered);
    at.seq = event.event.seq;
    at.hash = event.hash;
  }
  run.gap = !ahead.empty() && ahead.rbegin()->first > at.seq;
  return run;
}

}  // namespace dibs::ledger

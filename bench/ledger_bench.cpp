#include <span>
#include <string>
#include <vector>

#include "benchmarks.h"
#include "ledger/applier.h"
#include "ledger/database.h"
#include "ledger/rush.h"
#include "ledger/sql_servers.h"

namespace dibs::bench {
namespace {

using ledger::Applier;
using ledger::Database;
using ledger::Delivered;

constexpr std::size_t kBatch = 512;

void done(const Result<void>& result) {
  require(result.has_value(), result ? "" : result.error().what);
}

/// Events a second through the applier, into empty tables.
double applier_rate(const std::string& url, std::span<const Delivered> events) {
  Applier applier(*ledger::parse_address(url));
  done(applier.make_anew());
  const double began = wall_seconds();
  for (std::size_t at = 0; at < events.size(); at += kBatch) {
    const auto report = applier.apply(events.subspan(at, std::min(kBatch, events.size() - at)));
    require(report && report->stopped.empty() && report->gaps.empty(), "the batch is applied");
  }
  return static_cast<double>(events.size()) / (wall_seconds() - began);
}

/// One row of `orders` for every event, and one of `order_lines` where the event is a new order:
/// many rows a statement, as many a transaction as the applier takes, and nothing looked at.
double plain_rate(const std::string& url, std::span<const Delivered> events) {
  {
    Applier applier(*ledger::parse_address(url));
    done(applier.make_anew());
  }
  auto database = Database::open(*ledger::parse_address(url));
  require(database.has_value(), "the database is there");
  const double began = wall_seconds();
  for (std::size_t at = 0; at < events.size(); at += kBatch) {
    std::string orders;
    std::string lines;
    for (std::size_t i = at; i < std::min(at + kBatch, events.size()); ++i) {
      const std::string key = "('rush', " + std::to_string(i + 1) + ", ";
      const sale::Event& event = events[i].event.event;
      orders += (orders.empty() ? "" : ",\n") + key + "'ord_" + std::string(26, 'a') +
                ".rush', 'buyer-" + std::to_string(i) + "', '', 'held', 'none', '', 100, '" +
                to_rfc3339(event.at) + "', '" + to_rfc3339(event.at) + "', " +
                std::to_string(i + 1) + ")";
      if (!std::holds_alternative<sale::Accepted>(event.fact)) continue;
      lines += (lines.empty() ? "" : ",\n") + key + "'floor', 1, 100)";
    }
    done((*database)->begin_writing());
    done((*database)->run("INSERT INTO orders VALUES " + orders));
    if (!lines.empty()) done((*database)->run("INSERT INTO order_lines VALUES " + lines));
    done((*database)->commit());
  }
  return static_cast<double>(events.size()) / (wall_seconds() - began);
}

}  // namespace

void ledger(Size size) {
  const std::uint64_t orders = size == Size::small ? 2'000 : 50'000;
  const int rounds = size == Size::small ? 1 : 5;
  const auto events = ledger::chained(SaleId("rush"), ledger::rush_events(orders));
  for (const std::string kind : {"sqlite", "postgresql", "mysql"}) {
    const ledger::TestLedger there(kind);
    if (!there.there()) continue;
    const Paired rates = in_turn(
        rounds, [&] { return applier_rate(there.url(), events); },
        [&] { return plain_rate(there.url(), events); });
    print({"ledger: " + kind + ", events in batches of " + std::to_string(kBatch),
           with_commas(rates.ours) + "/s",
           fixed(rates.ratio) + " of plain inserts of as many rows, at " + with_commas(rates.peer) +
               "/s",
           (kind == "sqlite" ? "100,000/s" : "20,000/s") + std::string(", 0.5")});
  }
}

}  // namespace dibs::bench

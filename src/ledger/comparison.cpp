#include "ledger/comparison.h"

#include <algorithm>
#include <map>
#include <utility>

#include "events/chained_event.h"
#include "ledger/comparison_of_sale.h"
#include "ledger/database.h"
#include "ledger/schema.h"
#include "ledger/tables.h"
#include "sale/sale.h"

namespace dibs::ledger {

struct Comparison::Impl {
  /// The store's account of one sale, up to where the ledger is.
  struct StoreAccount {
    explicit StoreAccount(const SaleId& id) : sale(id) {}

    sale::Sale sale;
    std::string epoch;
    events::ChainHash hash{};
    Seq seq;                  ///< folded in
    std::uint64_t later = 0;  ///< events behind that
    bool compared = false;    ///< before it was archived: afterwards nothing of it is left
  };

  std::unique_ptr<Database> database;
  Tables::Applied applied;
  std::map<SaleId, StoreAccount> accounts;
  Differences differences;
  ComparisonReport report;

  Result<void> compare(const SaleId& id, StoreAccount& account, std::string_view state);
  void compare_history(const SaleId& id, const AppliedRow& row);
};

Comparison::Comparison(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Comparison::Comparison(Comparison&&) noexcept = default;
Comparison::~Comparison() = default;

Result<Comparison> Comparison::begin(const Address& address) {
  auto database = Database::open(address, true);
  if (!database) return std::unexpected(database.error());
  if (auto known = check_version(**database); !known) return std::unexpected(known.error());
  if (auto begun = (*database)->begin_reading(); !begun) return std::unexpected(begun.error());
  auto applied = Tables(**database).applied();
  if (!applied) return std::unexpected(applied.error());
  auto impl = std::make_unique<Impl>();
  impl->database = std::move(*database);
  impl->applied = std::move(*applied);
  impl->report.ledger = address.shown;
  return Comparison(std::move(impl));
}

Result<void> Comparison::take(const store::FedEvent& event, const std::string& epoch) {
  Impl::StoreAccount& account = impl_->accounts.try_emplace(event.sale, event.sale).first->second;
  account.epoch = epoch;
  const auto row = impl_->applied.find(event.sale);
  if (row == impl_->applied.end() || event.event.seq > row->second.seq) {
    ++account.later;
    return {};
  }
  account.hash = events::chain_hash(account.hash, event.sale, event.event);
  if (std::holds_alternative<sale::Archived>(event.event.fact) && row->second.epoch == epoch) {
    account.compared = true;
    if (auto done = impl_->compare(event.sale, account, "archived"); !done) return done;
  }
  account.seq = event.event.seq;
  return account.sale.replay(event.event);
}

Result<void> Comparison::Impl::compare(const SaleId& id, StoreAccount& account,
                                       std::string_view state) {
  Tables tables(*database);
  ++report.sales;
  auto rows = tables.load(id);
  if (!rows) return std::unexpected(rows.error());
  const bool there = account.sale.exists();
  if (!there) state = "removed";
  compare_sale(id, there ? std::optional(account.sale.view()) : std::nullopt, state, *rows,
               differences);
  if (there) {
    for (const sale::ItemView& item : account.sale.view().items) {
      report.units_total += static_cast<std::uint64_t>(item.total);
      report.units_sold += static_cast<std::uint64_t>(item.sold);
    }
  }
  const auto compared = compare_orders(id, account.sale, tables, differences);
  if (!compared) return std::unexpected(compared.error());
  report.orders += *compared;
  return {};
}

void Comparison::Impl::compare_history(const SaleId& id, const AppliedRow& row) {
  if (!row.stopped.empty()) differences.add(id, "the ledger has stopped: " + row.stopped);
  const auto found = accounts.find(id);
  const std::string upto = std::to_string(row.seq.value());
  if (found == accounts.end()) {
    return differences.add(id, "the ledger has applied " + upto + " events; the store has none");
  }
  const StoreAccount& account = found->second;
  if (account.epoch != row.epoch) {
    return differences.add(
        id, "the ledger follows epoch " + row.epoch + "; the store is of epoch " + account.epoch);
  }
  if (account.seq < row.seq) {
    return differences.add(id, "the ledger has applied " + upto + " events; the store has " +
                                   std::to_string(account.seq.value()));
  }
  if (account.hash == row.hash) return;
  differences.add(id, "at event " + upto + " the ledger has the hash " + events::to_hex(row.hash) +
                          "; the store's events up to there give " + events::to_hex(account.hash));
}

Result<ComparisonReport> Comparison::finish() {
  Impl& all = *impl_;
  for (const auto& [id, row] : all.applied) {
    all.report.events += row.seq.value();
    all.compare_history(id, row);
    const auto found = all.accounts.find(id);
    if (found == all.accounts.end() || found->second.epoch != row.epoch) continue;
    if (found->second.compared || row.seq == Seq()) continue;
    if (auto done = all.compare(id, found->second, {}); !done) return std::unexpected(done.error());
  }
  for (const auto& [id, account] : all.accounts) all.report.behind += account.later;
  all.report.differences = std::move(all.differences.kept);
  all.report.found = all.differences.found;
  return std::move(all.report);
}

}  // namespace dibs::ledger

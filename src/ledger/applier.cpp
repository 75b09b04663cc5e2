#include "ledger/applier.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ledger/database.h"
#include "ledger/fold.h"
#include "ledger/run.h"
#include "ledger/schema.h"
#include "ledger/tables.h"

namespace dibs::ledger {
namespace {

/// What is remembered between batches, so that a run of batches does not read again what it has
/// just written: some 300 bytes an order, 20 MB.
constexpr std::size_t kOrdersRemembered = 65'536;
constexpr std::size_t kSalesRemembered = 1'024;

/// One sale in a batch.
struct Part {
  SaleFold* fold = nullptr;
  AppliedRow row;
  Run run;
  std::size_t taken = 0;  ///< of run.next
  Instant at;             ///< of the last taken

  [[nodiscard]] bool done() const { return taken == run.next.size(); }
  [[nodiscard]] const sale::Event& event() const { return run.next[taken]->event.event; }
  [[nodiscard]] bool at_wide() const { return !done() && SaleFold::is_wide(event()); }

  /// Takes its next event.
  void take() {
    const Delivered& delivered = *run.next[taken];
    const std::string wrong = fold->take(delivered.event.event);
    if (!wrong.empty()) {
      run.next.resize(taken);
      run.gap = false;
      run.stopped = "sale " + fold->id().value() + ", event " +
                    std::to_string(delivered.event.event.seq.value()) + ": " + wrong;
      return;
    }
    row.seq = delivered.event.event.seq;
    row.previous = row.hash;
    row.hash = delivered.event.hash;
    at = delivered.event.event.at;
    row.position = std::max(row.position, delivered.position);
    ++taken;
  }
};

/// Orders that the part's events up to the next wide one are about and memory does not have.
void want_orders(const Part& part, Tables::Wanted& wanted) {
  std::set<Arrival> met;
  for (std::size_t i = part.taken; i < part.run.next.size(); ++i) {
    const sale::Event& event = part.run.next[i]->event.event;
    if (SaleFold::is_wide(event)) return;
    const auto order = sale::order_of(event);
    if (!order || !met.insert(order->arrival).second) continue;
    if (const auto arrival = part.fold->wants(event)) wanted.emplace_back(part.fold, *arrival);
  }
}

}  // namespace

struct Applier::Impl {
  explicit Impl(Address the_address) : address(std::move(the_address)) {}

  struct Remembered {
    SaleFold fold;
    Seq seq;
    events::ChainHash hash{};
  };

  Result<void> open();
  Result<Report> apply(std::span<const Delivered> events, std::span<const Progress> progress);
  Result<Report> apply_within(std::span<const Delivered> events,
                              std::span<const Progress> progress);
  Result<std::map<SaleId, Part>> begin(Tables& tables, std::span<const Delivered> events);
  Result<void> fold(Tables& tables, std::map<SaleId, Part>& parts);
  Result<SaleFold*> fold_of(Tables& tables, const SaleId& sale, const AppliedRow& row);
  void remember(const std::map<SaleId, Part>& parts);
  /// `read(tables)` on an open connection, which a fault ends.
  template <class Read>
  auto reading(Read read) -> decltype(read(std::declval<Tables&>())) {
    if (auto opened = open(); !opened) return std::unexpected(opened.error());
    Tables tables(*database);
    auto result = read(tables);
    if (!result) drop();
    return result;
  }
  void drop() {
    database.reset();
    remembered.clear();
  }

  Address address;
  std::unique_ptr<Database> database;
  std::map<SaleId, Remembered> remembered;
};

Result<void> Applier::Impl::open() {
  if (database) return {};
  auto opened = Database::open(address);
  if (!opened) return std::unexpected(opened.error());
  if (auto done = migrate(**opened); !done) return done;
  database = std::move(*opened);
  return {};
}

Result<Report> Applier::Impl::apply(std::span<const Delivered> events,
                                    std::span<const Progress> progress) {
  if (auto opened = open(); !opened) return std::unexpected(opened.error());
  auto report = apply_within(events, progress);
  // Whatever went wrong, the connection is not trusted any more: the next one reads what is there.
  if (!report) drop();
  return report;
}

Result<Report> Applier::Impl::apply_within(std::span<const Delivered> events,
                                           std::span<const Progress> progress) {
  Tables tables(*database);
  if (auto begun = database->begin_writing(); !begun) return std::unexpected(begun.error());
  auto parts = begin(tables, events);
  if (!parts) return std::unexpected(parts.error());
  if (auto folded = fold(tables, *parts); !folded) return std::unexpected(folded.error());

  Report report;
  Tables::Applied rows;
  for (auto& [sale, part] : *parts) {
    report.applied += part.taken;
    report.duplicates += part.run.duplicates;
    if (part.run.gap) report.gaps[sale] = part.row.seq;
    if (!part.run.stopped.empty()) report.stopped[sale] = part.run.stopped;
    if (part.taken == 0 && part.row.stopped == part.run.stopped) continue;
    part.row.stopped = part.run.stopped;
    if (part.taken > 0) part.row.at = to_rfc3339(part.at);
    rows[sale] = part.row;
  }
  if (auto done = tables.write_applied(rows); !done) return std::unexpected(done.error());
  const bool whole = report.stopped.empty() && report.gaps.empty();
  for (const Progress& one : progress) {
    if (one.if_whole && !whole) continue;
    if (auto done = tables.write_position(one.source, one.position); !done) {
      return std::unexpected(done.error());
    }
  }
  if (auto done = database->commit(); !done) return std::unexpected(done.error());
  remember(*parts);
  return report;
}

Result<std::map<SaleId, Part>> Applier::Impl::begin(Tables& tables,
                                                    std::span<const Delivered> events) {
  std::map<SaleId, Part> parts;
  if (events.empty()) return parts;
  std::map<SaleId, std::vector<const Delivered*>> by_sale;
  std::map<SaleId, std::string> epochs;
  for (const Delivered& one : events) {
    by_sale[one.event.sale].push_back(&one);
    epochs.try_emplace(one.event.sale, one.event.epoch);
  }
  auto rows = tables.lock(epochs);
  if (!rows) return std::unexpected(rows.error());
  for (const auto& [sale, list] : by_sale) {
    Part& part = parts[sale];
    part.row = (*rows)[sale];
    part.run = run_of(sale, part.row, list);
    if (part.run.next.empty()) continue;
    auto fold = fold_of(tables, sale, part.row);
    if (!fold) return std::unexpected(fold.error());
    part.fold = *fold;
  }
  return parts;
}

/// Folds and writes, from one wide event to the next. Most batches have none and take one round.
Result<void> Applier::Impl::fold(Tables& tables, std::map<SaleId, Part>& parts) {
  while (true) {
    Tables::Wanted wanted;
    std::vector<SaleFold*> folds;
    for (auto& [sale, part] : parts) {
      if (part.done()) continue;
      want_orders(part, wanted);
      folds.push_back(part.fold);
    }
    if (folds.empty()) return {};
    if (auto loaded = tables.load_orders(wanted); !loaded) return loaded;
    for (auto& [sale, part] : parts) {
      while (!part.done() && !part.at_wide()) part.take();
    }
    if (auto done = tables.write(folds); !done) return done;
    for (auto& [sale, part] : parts) {
      if (!part.at_wide()) continue;
      part.take();
      if (auto done = tables.write_wide(*part.fold); !done) return done;
      SaleFold* one = part.fold;
      if (auto done = tables.write(std::span(&one, 1)); !done) return done;
    }
  }
}

Result<SaleFold*> Applier::Impl::fold_of(Tables& tables, const SaleId& sale,
                                         const AppliedRow& row) {
  const auto found = remembered.find(sale);
  // Somebody else may have gone on with it since.
  if (found != remembered.end() && found->second.seq == row.seq && found->second.hash == row.hash) {
    return &found->second.fold;
  }
  auto loaded = tables.load(sale);
  if (!loaded) return std::unexpected(loaded.error());
  Remembered& one = remembered[sale];
  one = Remembered{.fold = std::move(*loaded), .seq = row.seq, .hash = row.hash};
  return &one.fold;
}

void Applier::Impl::remember(const std::map<SaleId, Part>& parts) {
  for (const auto& [sale, part] : parts) {
    const auto found = remembered.find(sale);
    // Without a fold nothing was applied, and what is remembered may be older than the row.
    if (found == remembered.end() || part.fold == nullptr) continue;
    found->second.seq = part.row.seq;
    found->second.hash = part.row.hash;
  }
  if (remembered.size() > kSalesRemembered) remembered.clear();
  std::size_t orders = 0;
  for (const auto& [sale, one] : remembered) orders += one.fold.orders();
  if (orders <= kOrdersRemembered) return;
  for (auto& [sale, one] : remembered) one.fold.forget_orders();
}

Applier::Applier(Address address) : impl_(std::make_unique<Impl>(std::move(address))) {}
Applier::~Applier() = default;

Result<void> Applier::open() { return impl_->open(); }

Result<Report> Applier::apply(std::span<const Delivered> events,
                              std::span<const Progress> progress) {
  return impl_->apply(events, progress);
}

Result<std::map<SaleId, AppliedRow>> Applier::applied() {
  return impl_->reading([](Tables& tables) { return tables.applied(); });
}

Result<std::optional<std::uint64_t>> Applier::position(const std::string& source) {
  return impl_->reading([&](Tables& tables) { return tables.position(source); });
}

Result<std::map<SaleId, Applier::Figures>> Applier::figures() {
  using All = std::map<SaleId, Figures>;
  return impl_->reading([this](Tables& tables) -> Result<All> {
    Database& database = *impl_->database;
    if (auto begun = database.begin_reading(); !begun) return std::unexpected(begun.error());
    auto rows = tables.applied();
    if (!rows) return std::unexpected(rows.error());
    All all;
    for (const auto& [sale, row] : *rows) {
      auto fold = tables.load(sale);
      if (!fold) return std::unexpected(fold.error());
      all[sale] = {.seq = row.seq, .items = fold->items()};
    }
    if (auto done = database.commit(); !done) return std::unexpected(done.error());
    return all;
  });
}

Result<void> Applier::make_anew() {
  if (auto opened = impl_->open(); !opened) return opened;
  auto done = ledger::make_anew(*impl_->database);
  impl_->remembered.clear();
  if (!done) impl_->drop();
  return done;
}

}  // namespace dibs::ledger

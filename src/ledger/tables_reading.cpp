#include <tuple>

#include "ledger/document.h"
#include "ledger/statements.h"
#include "ledger/tables.h"
#include "ledger/words.h"

namespace dibs::ledger {
namespace {

using Number = long long;
using AppliedColumns = std::vector<std::tuple<std::string, std::string, Number, std::string,
                                              std::string, std::string, Number, std::string>>;

std::uint64_t unsigned_of(Number value) { return static_cast<std::uint64_t>(value); }

std::unexpected<Fault> unreadable(const Database& database, const std::string& what) {
  return fault(FaultKind::corrupt,
               "The ledger " + database.address().shown + " holds " + what + " that is not one.",
               "Make it anew: dibs ledger rebuild.");
}

Result<Tables::Applied> applied_of(const Database& database, AppliedColumns rows) {
  Tables::Applied all;
  for (auto& [sale, epoch, seq, hash, previous, at, position, stopped] : rows) {
    const auto own = chain_hash_of(hash);
    const auto before = chain_hash_of(previous);
    if (!own || !before || seq < 0) return unreadable(database, "a row `applied` of " + sale);
    all[SaleId(sale)] = {.epoch = std::move(epoch),
                         .seq = Seq(unsigned_of(seq)),
                         .hash = *own,
                         .previous = *before,
                         .at = std::move(at),
                         .position = Position(unsigned_of(position)),
                         .stopped = std::move(stopped)};
  }
  return all;
}

}  // namespace

Result<Tables::Applied> Tables::lock(const std::map<SaleId, std::string>& epoch_of_sale) {
  for (bool begun = false;; begun = true) {
    Document doc;
    for (const auto& [sale, epoch] : epoch_of_sale) doc.row().text(sale.view());
    auto rows =
        database_.rows<std::string, std::string, Number, std::string, std::string, std::string,
                       Number, std::string>(lock_applied(database_.dialect()), doc.finish());
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() == epoch_of_sale.size() || begun) {
      return applied_of(database_, std::move(*rows));
    }
    // A row that is not there cannot be locked; whoever comes second waits for the first here.
    if (auto made = begin_sales(epoch_of_sale); !made) return std::unexpected(made.error());
  }
}

Result<Tables::Applied> Tables::applied() {
  auto rows = database_.rows<std::string, std::string, Number, std::string, std::string,
                             std::string, Number, std::string>(
      "SELECT sale, epoch, seq, hash, previous, at, position, stopped FROM applied");
  if (!rows) return std::unexpected(rows.error());
  return applied_of(database_, std::move(*rows));
}

Result<SaleFold> Tables::load(const SaleId& sale) {
  auto found = database_.rows<Number, std::string, Number, std::string, std::string, std::string,
                              std::string, std::string, Number>(
      "SELECT test, state, ever_opened, title, currency, payment, opens_at, closes_at, seq FROM "
      "sales WHERE sale = :sale",
      sale.value());
  if (!found) return std::unexpected(found.error());
  std::optional<SaleRow> row;
  for (auto& [test, state, opened, title, currency, payment, opens, closes, seq] : *found) {
    row = SaleRow{test != 0,        std::move(state),  opened != 0,
                  std::move(title), currency,          std::move(payment),
                  std::move(opens), std::move(closes), Seq(unsigned_of(seq))};
  }
  auto rows = database_.rows<std::string, Number, std::string, Number, Number, Number, Number,
                             Number, Number, Number>(
      "SELECT sku, number, title, price, stock, total, available, held, sold, seq FROM items "
      "WHERE sale = :sale ORDER BY number",
      sale.value());
  if (!rows) return std::unexpected(rows.error());
  std::vector<ItemRow> items;
  for (auto& [sku, number, title, price, stock, total, available, held, sold, seq] : *rows) {
    items.push_back({SkuId(sku), static_cast<std::uint32_t>(number), std::move(title), price, stock,
                     total, available, held, sold, Seq(unsigned_of(seq))});
  }
  return SaleFold(sale, std::move(row), std::move(items));
}

Result<void> Tables::load_orders(const Wanted& wanted) {
  if (wanted.empty()) return {};
  Document doc;
  std::map<SaleId, SaleFold*> folds;
  for (const auto& [fold, arrival] : wanted) {
    doc.row().text(fold->id().view()).number(static_cast<std::int64_t>(arrival.value()));
    folds[fold->id()] = fold;
  }
  auto rows =
      database_.rows<std::string, Number, std::string, std::string, std::string, std::string,
                     std::string, Number, Number>(find_orders(database_.dialect()), doc.finish());
  if (!rows) return std::unexpected(rows.error());
  std::optional<OrderRow> order;
  SaleFold* fold = nullptr;
  const auto finish = [&] {
    if (order) fold->add(std::move(*order));
    order.reset();
  };
  for (auto& [sale, arrival, id, state, money_text, reason_text, sku, quantity, price] : *rows) {
    const Arrival number(unsigned_of(arrival));
    if (!order || order->arrival != number || fold->id().view() != sale) {
      finish();
      const auto parsed = parse_order_id(id);
      const auto where = order_state(state);
      const auto paid = money(money_text);
      const auto why = reason(reason_text);
      if (!parsed || !where || !paid || !why) {
        return unreadable(database_, "an order of arrival " + std::to_string(arrival));
      }
      fold = folds.at(SaleId(sale));
      order.emplace();
      order->arrival = number;
      order->key = parsed->key;
      order->state = *where;
      order->money = *paid;
      order->reason = *why;
    }
    order->lines.push_back({SkuId(sku), static_cast<std::uint32_t>(quantity), price});
  }
  finish();
  return {};
}

Result<std::optional<std::uint64_t>> Tables::position(const std::string& source) {
  auto rows =
      database_.rows<Number>("SELECT position FROM followed WHERE source = :source", source);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return unsigned_of(std::get<0>(rows->front()));
}

Result<std::vector<Tables::ReadOrder>> Tables::orders(const SaleId& sale, Arrival after,
                                                      std::size_t limit) {
  auto rows = database_.rows<Number, std::string, std::string, std::string, std::string,
                             std::string, std::string, Number, std::string, Number>(
      "SELECT arrival, order_id, buyer, reference, state, money, reason, amount, created_at, seq "
      "FROM orders WHERE sale = :sale AND arrival > :after ORDER BY arrival LIMIT :limit",
      sale.value(), static_cast<Number>(after.value()), static_cast<Number>(limit));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ReadOrder> all;
  for (auto& [arrival, id, buyer, reference, state, paid, why, amount, created, seq] : *rows) {
    all.push_back({.arrival = Arrival(unsigned_of(arrival)),
                   .id = std::move(id),
                   .buyer = std::move(buyer),
                   .reference = std::move(reference),
                   .state = std::move(state),
                   .money = std::move(paid),
                   .reason = std::move(why),
                   .amount = amount,
                   .created_at = std::move(created),
                   .seq = Seq(unsigned_of(seq)),
                   .lines = {}});
  }
  if (all.empty()) return all;
  auto lines = database_.rows<Number, std::string, Number, Number>(
      "SELECT arrival, sku, quantity, price FROM order_lines WHERE sale = :sale AND arrival > "
      ":after AND arrival <= :last ORDER BY arrival, sku",
      sale.value(), static_cast<Number>(after.value()),
      static_cast<Number>(all.back().arrival.value()));
  if (!lines) return std::unexpected(lines.error());
  auto order = all.begin();
  for (auto& [arrival, sku, quantity, price] : *lines) {
    while (order != all.end() && order->arrival < Arrival(unsigned_of(arrival))) ++order;
    if (order == all.end() || order->arrival != Arrival(unsigned_of(arrival))) continue;
    order->lines.push_back({SkuId(sku), static_cast<std::uint32_t>(quantity), price});
  }
  return all;
}

}  // namespace dibs::ledger

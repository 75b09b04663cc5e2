// Writing. Reading is in tables_reading.cpp.
#include "ledger/tables.h"

#include <algorithm>

#include "ledger/document.h"
#include "ledger/statements.h"

namespace dibs::ledger {
namespace {

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::int64_t amount_of(const OrderRow& order) {
  std::int64_t amount = 0;
  for (const sale::OrderLine& line : order.lines) amount += line.price * line.quantity;
  return amount;
}

void add_order(Document& doc, const SaleId& sale, const OrderRow& order) {
  doc.row()
      .text(sale.view())
      .number(signed_of(order.arrival.value()))
      .text(to_text(OrderId{order.key, sale}))
      .text(order.buyer.view())
      .text(order.reference.view())
      .text(sale::to_text(order.state))
      .text(sale::to_text(order.money))
      .text(sale::to_text(order.reason))
      .number(amount_of(order))
      .text(to_rfc3339(order.created_at))
      .text(to_rfc3339(order.changed_at))
      .number(signed_of(order.seq.value()));
}

void add_lines(Document& doc, const SaleId& sale, const OrderRow& order) {
  for (const sale::OrderLine& line : order.lines) {
    doc.row()
        .text(sale.view())
        .number(signed_of(order.arrival.value()))
        .text(line.sku.view())
        .number(line.quantity)
        .number(line.price);
  }
}

void add_change(Document& doc, const SaleId& sale, const OrderRow& order) {
  doc.row()
      .text(sale.view())
      .number(signed_of(order.arrival.value()))
      .text(sale::to_text(order.state))
      .text(sale::to_text(order.money))
      .text(sale::to_text(order.reason))
      .text(to_rfc3339(order.changed_at))
      .number(signed_of(order.seq.value()));
}

void add_item(Document& doc, const SaleId& sale, const ItemRow& item) {
  doc.row()
      .text(sale.view())
      .text(item.sku.view())
      .number(item.number)
      .text(item.title)
      .number(item.price)
      .number(item.stock)
      .number(item.total)
      .number(item.available)
      .number(item.held)
      .number(item.sold)
      .number(signed_of(item.seq.value()));
}

void add_sale(Document& doc, const SaleId& id, const SaleRow& sale) {
  doc.row()
      .text(id.view())
      .number(sale.test ? 1 : 0)
      .text(sale.state)
      .number(sale.ever_opened ? 1 : 0)
      .text(sale.title)
      .text(sale.currency)
      .text(sale.payment)
      .text(sale.opens_at)
      .text(sale.closes_at)
      .number(signed_of(sale.seq.value()));
}

Result<void> run_if_any(Database& database, const std::string& sql, Document& doc) {
  if (doc.empty()) return {};
  return database.run(sql, doc.finish());
}

}  // namespace

Result<void> Tables::begin_sales(const std::map<SaleId, std::string>& epoch_of_sale) {
  Document doc;
  const std::string zeros = events::to_hex({});
  for (const auto& [sale, epoch] : epoch_of_sale) {
    doc.row().text(sale.view()).text(epoch).text(zeros).text(zeros);
    doc.text("").number(0).text("").number(0);
  }
  return database_.run(put(database_.dialect(), kApplied), doc.finish());
}

Result<void> Tables::write(std::span<SaleFold* const> folds) {
  if (auto done = write_sales(folds); !done) return done;
  if (auto done = write_items(folds); !done) return done;
  if (auto done = write_orders(folds); !done) return done;
  for (SaleFold* fold : folds) fold->written();
  return {};
}

Result<void> Tables::write_sales(std::span<SaleFold* const> folds) {
  Document doc;
  for (const SaleFold* fold : folds) {
    if (fold->sale_changed()) add_sale(doc, fold->id(), *fold->sale());
  }
  return run_if_any(database_, put(database_.dialect(), kSales), doc);
}

Result<void> Tables::write_items(std::span<SaleFold* const> folds) {
  Document doc;
  for (const SaleFold* fold : folds) {
    if (fold->items_replaced()) {
      const std::string sale = fold->id().value();
      if (auto gone = database_.run("DELETE FROM items WHERE sale = :sale", sale); !gone) {
        return gone;
      }
    }
    for (const ItemRow* item : fold->changed_items()) add_item(doc, fold->id(), *item);
  }
  return run_if_any(database_, put(database_.dialect(), kItems), doc);
}

Result<void> Tables::write_orders(std::span<SaleFold* const> folds) {
  Document orders;
  Document lines;
  Document changes;
  for (const SaleFold* fold : folds) {
    for (const OrderRow* order : fold->new_orders()) {
      add_order(orders, fold->id(), *order);
      add_lines(lines, fold->id(), *order);
    }
    for (const OrderRow* order : fold->changed_orders()) add_change(changes, fold->id(), *order);
  }
  const Dialect dialect = database_.dialect();
  if (auto done = run_if_any(database_, put(dialect, kOrders), orders); !done) return done;
  if (auto done = run_if_any(database_, put(dialect, kOrderLines), lines); !done) return done;
  return run_if_any(database_, change_orders(dialect), changes);
}

Result<void> Tables::write_wide(const SaleFold& fold) {
  const std::string sale = fold.id().value();
  if (fold.removed()) {
    for (const char* table : {"order_lines", "orders", "items"}) {
      auto gone = database_.run("DELETE FROM " + std::string(table) + " WHERE sale = :sale", sale);
      if (!gone) return gone;
    }
    return {};
  }
  if (!fold.end()) return {};
  const SaleFold::End& end = *fold.end();
  const std::string state(
      sale::to_text(end.by_close ? sale::OrderState::closed : sale::OrderState::sold_out));
  return database_.run(
      "UPDATE orders SET state = :state, changed_at = :at, seq = :seq WHERE sale = :sale AND "
      "state = 'waiting' AND arrival <= :upto AND seq < :before AND EXISTS (SELECT 1 FROM "
      "order_lines l WHERE l.sale = orders.sale AND l.arrival = orders.arrival AND l.sku = :sku)",
      state, to_rfc3339(end.at), static_cast<long long>(end.seq.value()), sale,
      static_cast<long long>(end.upto.value()), static_cast<long long>(end.seq.value()),
      end.sku.value());
}

Result<void> Tables::write_applied(const Applied& rows) {
  Document doc;
  for (const auto& [sale, row] : rows) {
    doc.row()
        .text(sale.view())
        .text(row.epoch)
        .text(events::to_hex(row.hash))
        .text(events::to_hex(row.previous))
        .text(row.at)
        .number(signed_of(row.position.value()))
        .text(row.stopped)
        .number(signed_of(row.seq.value()));
  }
  return run_if_any(database_, put(database_.dialect(), kApplied, true), doc);
}

Result<void> Tables::write_position(const std::string& source, std::uint64_t position) {
  return database_.run(put_position(database_.dialect()), source, static_cast<long long>(position));
}

}  // namespace dibs::ledger

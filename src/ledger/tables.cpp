// Writing. Reading is in tables_reading.cpp.
#include "ledger/tables.h"

#include <algorithm>

#include "ledger/row_batch.h"
#include "ledger/statements.h"

namespace dibs::ledger {
namespace {

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::int64_t amount_of(const OrderRow& order) {
  std::int64_t amount = 0;
  for (const sale::OrderLine& line : order.lines) amount += line.price * line.quantity;
  return amount;
}

void add_order(RowBatch& rows, const SaleId& sale, const OrderRow& order) {
  rows.row()
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

void add_lines(RowBatch& rows, const SaleId& sale, const OrderRow& order) {
  for (const sale::OrderLine& line : order.lines) {
    rows.row()
        .text(sale.view())
        .number(signed_of(order.arrival.value()))
        .text(line.sku.view())
        .number(line.quantity)
        .number(line.price);
  }
}

void add_change(RowBatch& rows, const SaleId& sale, const OrderRow& order) {
  rows.row()
      .text(sale.view())
      .number(signed_of(order.arrival.value()))
      .text(sale::to_text(order.state))
      .text(sale::to_text(order.money))
      .text(sale::to_text(order.reason))
      .text(to_rfc3339(order.changed_at))
      .number(signed_of(order.seq.value()));
}

void add_item(RowBatch& rows, const SaleId& sale, const ItemRow& item) {
  rows.row()
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

void add_sale(RowBatch& rows, const SaleId& id, const SaleRow& sale) {
  rows.row()
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

}  // namespace

Result<void> Tables::begin_sales(const std::map<SaleId, std::string>& epoch_of_sale) {
  RowBatch rows(database_.dialect());
  const std::string zeros = events::to_hex({});
  for (const auto& [sale, epoch] : epoch_of_sale) {
    rows.row().text(sale.view()).text(epoch).text(zeros).text(zeros);
    rows.text("").number(0).text("").number(0);
  }
  return rows.run(database_, put(database_.dialect(), kApplied));
}

Result<void> Tables::write(std::span<SaleFold* const> folds) {
  if (auto done = write_sales(folds); !done) return done;
  if (auto done = write_items(folds); !done) return done;
  if (auto done = write_orders(folds); !done) return done;
  for (SaleFold* fold : folds) fold->written();
  return {};
}

Result<void> Tables::write_sales(std::span<SaleFold* const> folds) {
  RowBatch rows(database_.dialect());
  for (const SaleFold* fold : folds) {
    if (fold->sale_changed()) add_sale(rows, fold->id(), *fold->sale());
  }
  return rows.run(database_, put(database_.dialect(), kSales));
}

Result<void> Tables::write_items(std::span<SaleFold* const> folds) {
  RowBatch rows(database_.dialect());
  for (const SaleFold* fold : folds) {
    if (fold->items_replaced()) {
      const std::string sale = fold->id().value();
      if (auto gone = database_.run("DELETE FROM items WHERE sale = :sale", sale); !gone) {
        return gone;
      }
    }
    for (const ItemRow* item : fold->changed_items()) add_item(rows, fold->id(), *item);
  }
  return rows.run(database_, put(database_.dialect(), kItems));
}

Result<void> Tables::write_orders(std::span<SaleFold* const> folds) {
  const Dialect dialect = database_.dialect();
  RowBatch orders(dialect);
  RowBatch lines(dialect);
  RowBatch changes(dialect);
  for (const SaleFold* fold : folds) {
    for (const OrderRow* order : fold->new_orders()) {
      add_order(orders, fold->id(), *order);
      add_lines(lines, fold->id(), *order);
    }
    for (const OrderRow* order : fold->changed_orders()) add_change(changes, fold->id(), *order);
  }
  if (auto done = orders.run(database_, put(dialect, kOrders)); !done) return done;
  if (auto done = lines.run(database_, put(dialect, kOrderLines)); !done) return done;
  return changes.run(database_, change_orders(dialect));
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
  // Counted, not EXISTS: that PostgreSQL would turn into a join, and of a table that has just been
  // filled it knows too little to do it by the key. A line of 1,000 took it 3 s, one of n n * n.
  return database_.run(
      "UPDATE orders SET state = :state, changed_at = :at, seq = :seq WHERE sale = :sale AND "
      "state = 'waiting' AND arrival <= :upto AND seq < :before AND (SELECT COUNT(*) FROM "
      "order_lines l WHERE l.sale = orders.sale AND l.arrival = orders.arrival AND l.sku = :sku) > "
      "0",
      state, to_rfc3339(end.at), static_cast<long long>(end.seq.value()), sale,
      static_cast<long long>(end.upto.value()), static_cast<long long>(end.seq.value()),
      end.sku.value());
}

Result<void> Tables::write_applied(const Applied& applied) {
  RowBatch rows(database_.dialect());
  for (const auto& [sale, row] : applied) {
    rows.row()
        .text(sale.view())
        .text(row.epoch)
        .text(events::to_hex(row.hash))
        .text(events::to_hex(row.previous))
        .text(row.at)
        .number(signed_of(row.position.value()))
        .text(row.stopped)
        .number(signed_of(row.seq.value()));
  }
  return rows.run(database_, put(database_.dialect(), kApplied, /*or_same=*/true));
}

Result<void> Tables::write_position(const std::string& source, std::uint64_t position) {
  return database_.run(put_position(database_.dialect()), source, static_cast<long long>(position));
}

}  // namespace dibs::ledger

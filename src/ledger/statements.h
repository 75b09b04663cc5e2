#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "ledger/document.h"

/// The SQL of the ledger, in the words of each database.
namespace dibs::ledger {

struct Table {
  std::string_view name;
  std::span<const Column> columns;
  std::size_t keys = 1;  ///< so many of the columns, from the first, are the primary key
};

extern const Table kSales;
extern const Table kItems;
extern const Table kOrders;
extern const Table kOrderLines;
extern const Table kApplied;

/// Inserts the rows of a RowBatch; a row that is there becomes the new one, unless it is
/// of a later seq. (Of the same seq it stays, or with `or_same` becomes the new one.) The last
/// column is seq. A table without seq keeps the rows that it has.
[[nodiscard]] std::string put(Dialect dialect, const Table& table, bool or_same = false);

/// The columns of an order that change, and the statement that sets them from a RowBatch.
extern const std::array<Column, 7> kOrderChanges;
[[nodiscard]] std::string change_orders(Dialect dialect);

/// `sale, arrival` in the document; joined with what the ledger knows of these orders.
extern const std::array<Column, 2> kOrderKeys;
[[nodiscard]] std::string find_orders(Dialect dialect);

[[nodiscard]] std::string lock_applied(Dialect dialect);
[[nodiscard]] std::string put_position(Dialect dialect);

}  // namespace dibs::ledger

#include "ledger/statements.h"

namespace dibs::ledger {
namespace {

using enum ColumnType;

// The last column of each is what an upsert compares.
constexpr std::array<Column, 10> kSaleColumns = {{{"sale", text},
                                                  {"test", number},
                                                  {"state", text},
                                                  {"ever_opened", number},
                                                  {"title", text},
                                                  {"currency", text},
                                                  {"payment", text},
                                                  {"opens_at", text},
                                                  {"closes_at", text},
                                                  {"seq", number}}};
constexpr std::array<Column, 11> kItemColumns = {{{"sale", text},
                                                  {"sku", text},
                                                  {"number", number},
                                                  {"title", text},
                                                  {"price", number},
                                                  {"stock", number},
                                                  {"total", number},
                                                  {"available", number},
                                                  {"held", number},
                                                  {"sold", number},
                                                  {"seq", number}}};
constexpr std::array<Column, 12> kOrderColumns = {{{"sale", text},
                                                   {"arrival", number},
                                                   {"order_id", text},
                                                   {"buyer", text},
                                                   {"reference", text},
                                                   {"state", text},
                                                   {"money", text},
                                                   {"reason", text},
                                                   {"amount", number},
                                                   {"created_at", text},
                                                   {"changed_at", text},
                                                   {"seq", number}}};
constexpr std::array<Column, 5> kLineColumns = {
    {{"sale", text}, {"arrival", number}, {"sku", text}, {"quantity", number}, {"price", number}}};
constexpr std::array<Column, 8> kAppliedColumns = {{{"sale", text},
                                                    {"epoch", text},
                                                    {"hash", text},
                                                    {"previous", text},
                                                    {"at", text},
                                                    {"position", number},
                                                    {"stopped", text},
                                                    {"seq", number}}};

std::string mysql_put(const Table& table, bool or_same) {
  std::string sql;
  const bool versioned = table.columns.back().name == "seq";
  const std::string name(table.name);
  const std::string newer =
      "VALUES(seq) " + std::string(or_same ? ">=" : ">") + " " + name + ".seq";
  for (std::size_t i = table.keys; i < table.columns.size() && versioned; ++i) {
    const std::string column(table.columns[i].name);
    if (!sql.empty()) sql += ", ";
    sql.append(column).append(" = IF(").append(newer).append(", VALUES(").append(column);
    sql.append("), ").append(name).append(".").append(column).append(")");
  }
  if (!versioned) sql = name + ".sale = " + name + ".sale";
  return " ON DUPLICATE KEY UPDATE " + sql;
}

std::string standard_put(const Table& table, bool or_same) {
  std::string sql = " ON CONFLICT (" + names_of(table.columns.first(table.keys)) + ") DO ";
  if (table.columns.back().name != "seq") return sql + "NOTHING";
  sql += "UPDATE SET ";
  for (std::size_t i = table.keys; i < table.columns.size(); ++i) {
    const std::string column(table.columns[i].name);
    if (i > table.keys) sql += ", ";
    sql.append(column).append(" = excluded.").append(column);
  }
  return sql + " WHERE excluded.seq " + (or_same ? ">=" : ">") + " " + std::string(table.name) +
         ".seq";
}

}  // namespace

const Table kSales{"sales", kSaleColumns, 1};
const Table kItems{"items", kItemColumns, 2};
const Table kOrders{"orders", kOrderColumns, 2};
const Table kOrderLines{"order_lines", kLineColumns, 3};
const Table kApplied{"applied", kAppliedColumns, 1};

const std::array<Column, 7> kOrderChanges = {{{"sale", text},
                                              {"arrival", number},
                                              {"state", text},
                                              {"money", text},
                                              {"reason", text},
                                              {"changed_at", text},
                                              {"seq", number}}};
const std::array<Column, 2> kOrderKeys = {{{"sale", text}, {"arrival", number}}};

std::string put(Dialect dialect, const Table& table, bool or_same) {
  const std::string into =
      "INSERT INTO " + std::string(table.name) + " (" + names_of(table.columns) + ") ";
  if (dialect == Dialect::sqlite) {
    return into + "VALUES (" + names_of(table.columns, ":") + ")" + standard_put(table, or_same);
  }
  return into + "SELECT " + names_of(table.columns, "t.") + " FROM " +
         table_of(dialect, table.columns) +
         (dialect == Dialect::mysql ? mysql_put(table, or_same) : standard_put(table, or_same));
}

std::string change_orders(Dialect dialect) {
  if (dialect == Dialect::sqlite) {
    // By number: values are bound in order of the columns, which is not that of their mention.
    return "UPDATE orders SET state = ?3, money = ?4, reason = ?5, changed_at = ?6, seq = ?7 WHERE "
           "sale = ?1 AND arrival = ?2 AND seq < ?7";
  }
  const std::string from = table_of(dialect, kOrderChanges);
  const bool mysql = dialect == Dialect::mysql;
  std::string sql = mysql
                        ? "UPDATE " + from + " STRAIGHT_JOIN orders ON orders.sale = t.sale AND " +
                              "orders.arrival = t.arrival SET "
                        : std::string("UPDATE orders SET ");
  for (std::size_t i = 2; i < kOrderChanges.size(); ++i) {
    const std::string column(kOrderChanges.at(i).name);
    if (i > 2) sql += ", ";
    sql.append(mysql ? "orders." : "").append(column).append(" = t.").append(column);
  }
  if (mysql) return sql + " WHERE t.seq > orders.seq";
  return sql + " FROM " + from +
         " WHERE orders.sale = t.sale AND orders.arrival = t.arrival AND t.seq > orders.seq";
}

std::string find_orders(Dialect dialect) {
  // In this order: the document's rows are few, the others are found by their keys.
  const char* join = dialect == Dialect::mysql ? " STRAIGHT_JOIN " : " CROSS JOIN ";
  return "SELECT o.sale, o.arrival, o.order_id, o.state, o.money, o.reason, l.sku, l.quantity, "
         "l.price FROM " +
         table_of(dialect, kOrderKeys) + join + "orders o" + join +
         "order_lines l WHERE o.sale = t.sale AND o.arrival = t.arrival AND l.sale = t.sale AND "
         "l.arrival = t.arrival ORDER BY o.sale, o.arrival, l.sku";
}

std::string lock_applied(Dialect dialect) {
  const std::array<Column, 1> sale = {{{"sale", text}}};
  // In order of the sales, so that two writers never wait for each other. A SQLite transaction that
  // means to write has its lock already.
  return "SELECT sale, epoch, seq, hash, previous, at, position, stopped FROM applied WHERE sale "
         "IN (SELECT t.sale FROM " +
         table_of(dialect, sale) + ") ORDER BY sale" +
         (dialect == Dialect::sqlite ? "" : " FOR UPDATE");
}

std::string put_position(Dialect dialect) {
  const std::string insert = "INSERT INTO followed (source, position) VALUES (:source, :position) ";
  if (dialect == Dialect::mysql) {
    return insert + "ON DUPLICATE KEY UPDATE position = GREATEST(position, VALUES(position))";
  }
  return insert +
         "ON CONFLICT (source) DO UPDATE SET position = excluded.position WHERE excluded.position "
         "> followed.position";
}

}  // namespace dibs::ledger

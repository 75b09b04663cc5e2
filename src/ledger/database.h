#pragma once

#include <soci/soci.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ledger/address.h"

namespace dibs::ledger {

/// What was wrong with a call of the database, without what it was given: no password, no data.
[[nodiscard]] Fault fault_of(const soci::soci_error& error, const Address& address);

/// One connection. Not thread-safe. After a fault of any call it is not known what the database has
/// done, and nothing more may be asked of this connection.
class Database {
 public:
  /// Connects, and sets what durability needs: a commit that has been answered is on the disk of
  /// the database (SQLite: synchronous=FULL, WAL; PostgreSQL: synchronous_commit=on). A SQLite file
  /// that is missing is created, unless it `must_exist`: then `not_found`.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const Address& address,
                                                              bool must_exist = false);

  [[nodiscard]] Dialect dialect() const { return address_.dialect; }
  [[nodiscard]] const Address& address() const { return address_; }

  /// A transaction that means to write; on SQLite it holds the one lock for writers from here on.
  [[nodiscard]] Result<void> begin_writing();
  /// A transaction in which every read sees the same moment.
  [[nodiscard]] Result<void> begin_reading();
  /// On a fault: committed or not.
  [[nodiscard]] Result<void> commit();
  [[nodiscard]] Result<void> rollback();

  /// Executes `sql` with its `:name` placeholders, in order, taken from `values`.
  template <class... Values>
  [[nodiscard]] Result<void> run(const std::string& sql, const Values&... values);

  /// Executes `sql` once for each row of values; all columns are of the same length, above 0. A
  /// round trip a row, where there are round trips.
  using ColumnValues = std::variant<std::vector<std::string>, std::vector<long long>>;
  [[nodiscard]] Result<void> run_each(const std::string& sql,
                                      const std::vector<ColumnValues>& columns);

  /// The rows of `sql`. No column may be NULL.
  template <class... Columns, class... Values>
  [[nodiscard]] Result<std::vector<std::tuple<Columns...>>> rows(const std::string& sql,
                                                                 const Values&... values);

 private:
  Database(Address address, std::unique_ptr<soci::session> session)
      : address_(std::move(address)), session_(std::move(session)) {}
  [[nodiscard]] Result<void> set_up();

  Address address_;
  std::unique_ptr<soci::session> session_;
};

template <class... Values>
Result<void> Database::run(const std::string& sql, const Values&... values) {
  try {
    soci::statement statement(*session_);
    (statement.exchange(soci::use(values)), ...);
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    statement.execute(true);
    return {};
  } catch (const soci::soci_error& error) {
    return std::unexpected(fault_of(error, address_));
  }
}

template <class... Columns, class... Values>
Result<std::vector<std::tuple<Columns...>>> Database::rows(const std::string& sql,
                                                           const Values&... values) {
  try {
    std::vector<std::tuple<Columns...>> all;
    std::tuple<Columns...> row;
    soci::statement statement(*session_);
    std::apply([&](auto&... column) { (statement.exchange(soci::into(column)), ...); }, row);
    (statement.exchange(soci::use(values)), ...);
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    statement.execute(false);
    while (statement.fetch()) all.push_back(row);
    return all;
  } catch (const soci::soci_error& error) {
    return std::unexpected(fault_of(error, address_));
  }
}

}  // namespace dibs::ledger

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/database.h"
#include "ledger/document.h"

namespace dibs::ledger {

/// Rows for one statement that writes them, each of as many values as there are columns, in their
/// order.
///
/// A database server gets them as one Document: a round trip and a parse. SQLite is in this process
/// and has no round trips to save: there they are bound one after another to one statement, since
/// to take them out of JSON again was half of what the ledger cost.
class RowBatch {
 public:
  explicit RowBatch(Dialect dialect) : bound_(dialect == Dialect::sqlite) {}

  RowBatch& row();
  RowBatch& text(std::string_view value);
  RowBatch& number(std::int64_t value);

  /// Executes `sql` of statements.h on all rows; none: does nothing. May be called once.
  [[nodiscard]] Result<void> run(Database& database, const std::string& sql);

 private:
  using Texts = std::vector<std::string>;
  using Numbers = std::vector<long long>;
  template <class Kind>
  Kind& next_column();

  bool bound_;
  Document document_;                            ///< for a server
  std::vector<Database::ColumnValues> columns_;  ///< for SQLite
  std::size_t rows_ = 0;
  std::size_t column_ = 0;
};

}  // namespace dibs::ledger

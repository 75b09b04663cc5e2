#include "ledger/row_batch.h"

namespace dibs::ledger {

RowBatch& RowBatch::row() {
  if (!bound_) document_.row();
  ++rows_;
  column_ = 0;
  return *this;
}

/// The column of the row's next value; the first row makes them.
template <class Kind>
Kind& RowBatch::next_column() {
  if (rows_ == 1) columns_.emplace_back(Kind());
  return std::get<Kind>(columns_[column_++]);
}

RowBatch& RowBatch::text(std::string_view value) {
  if (bound_) {
    next_column<Texts>().emplace_back(value);
  } else {
    document_.text(value);
  }
  return *this;
}

RowBatch& RowBatch::number(std::int64_t value) {
  if (bound_) {
    next_column<Numbers>().push_back(value);
  } else {
    document_.number(value);
  }
  return *this;
}

Result<void> RowBatch::run(Database& database, const std::string& sql) {
  if (rows_ == 0) return {};
  return bound_ ? database.run_each(sql, columns_) : database.run(sql, document_.finish());
}

}  // namespace dibs::ledger

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ledger/address.h"

/// Many rows in one statement: they travel as one JSON document, which each database can read as a
/// table. One round trip and one parse, however many rows.
namespace dibs::ledger {

enum class ColumnType : std::uint8_t { text, number };

struct Column {
  std::string_view name;
  ColumnType type = ColumnType::text;
};

/// Writes rows, each of as many values as there are columns, in their order.
class Document {
 public:
  Document& row();
  Document& text(std::string_view value);
  Document& number(std::int64_t value);

  [[nodiscard]] bool empty() const { return rows_ == 0; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Ends it; nothing may be added.
  [[nodiscard]] std::string finish();

 private:
  void name();

  std::string out_ = "[";
  std::size_t rows_ = 0;
  std::size_t column_ = 0;
};

/// `text` as a JSON string, with its quotes.
[[nodiscard]] std::string json_text(std::string_view text);

/// What stands in FROM for a table `t` of `columns`, read from the document `:doc`.
[[nodiscard]] std::string table_of(Dialect dialect, std::span<const Column> columns);
/// The list `name, name, …`, each behind `prefix`.
[[nodiscard]] std::string names_of(std::span<const Column> columns, std::string_view prefix = "");

}  // namespace dibs::ledger

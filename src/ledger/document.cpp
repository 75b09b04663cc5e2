#include "ledger/document.h"

#include <array>
#include <charconv>

#include "base/assert.h"

namespace dibs::ledger {
namespace {

/// Columns are named a, b, c … in the document, since a name is repeated in every row.
char short_name(std::size_t column) { return static_cast<char>('a' + column); }

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string sqlite_table(std::span<const Column> columns) {
  std::string sql = "(SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += "json_extract(value, '$.";
    sql += short_name(i);
    sql += "') AS ";
    sql += columns[i].name;
  }
  return sql + " FROM json_each(:doc)) AS t";
}

std::string postgresql_table(std::span<const Column> columns) {
  std::string sql = "(SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += short_name(i);
    sql += " AS ";
    sql += columns[i].name;
  }
  sql += " FROM json_to_recordset(CAST(:doc AS json)) AS r(";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += short_name(i);
    sql += columns[i].type == ColumnType::number ? " bigint" : " text";
  }
  return sql + ")) AS t";
}

std::string mysql_table(std::span<const Column> columns) {
  std::string sql = "JSON_TABLE(:doc, '$[*]' COLUMNS (";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += columns[i].name;
    sql += columns[i].type == ColumnType::number
               ? " BIGINT"
               : " VARCHAR(800) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
    sql += " PATH '$.";
    sql += short_name(i);
    sql += "'";
  }
  return sql + ")) AS t";
}

}  // namespace

Document& Document::row() {
  out_ += rows_++ == 0 ? "{" : "},\n{";
  column_ = 0;
  return *this;
}

void Document::name() {
  DIBS_ASSERT(column_ < 26);
  if (column_ > 0) out_ += ',';
  out_ += '"';
  out_ += short_name(column_++);
  out_ += "\":";
}

Document& Document::text(std::string_view value) {
  name();
  append_escaped(out_, value);
  return *this;
}

Document& Document::number(std::int64_t value) {
  name();
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_.append(digits.data(), end);
  return *this;
}

std::string Document::finish() {
  out_ += rows_ == 0 ? "]" : "}]";
  return std::move(out_);
}

std::string json_text(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string table_of(Dialect dialect, std::span<const Column> columns) {
  if (dialect == Dialect::sqlite) return sqlite_table(columns);
  return dialect == Dialect::postgresql ? postgresql_table(columns) : mysql_table(columns);
}

std::string names_of(std::span<const Column> columns, std::string_view prefix) {
  std::string list;
  for (const Column& column : columns) {
    if (!list.empty()) list += ", ";
    list += prefix;
    list += column.name;
  }
  return list;
}

}  // namespace dibs::ledger

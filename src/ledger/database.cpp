#include "ledger/database.h"

#include <algorithm>
#include <filesystem>

// Declared here as SOCI's headers of each database do: those want the headers of its client too.
extern "C" {
const soci::backend_factory* factory_sqlite3();
const soci::backend_factory* factory_postgresql();
const soci::backend_factory* factory_mysql();
}

namespace dibs::ledger {
namespace {

const soci::backend_factory& factory_of(Dialect dialect) {
  if (dialect == Dialect::sqlite) return *factory_sqlite3();
  return dialect == Dialect::postgresql ? *factory_postgresql() : *factory_mysql();
}

std::string remedy_of(const Address& address) {
  if (address.dialect == Dialect::sqlite) return "Check the file, its directory and the disk.";
  return "Check that the database runs, its address, user and password (it is tried again).";
}

/// SQLite: a commit that finds another writer waits so long before it is refused.
constexpr const char* kSqliteSettings[] = {"PRAGMA busy_timeout = 10000",
                                           "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                                           "PRAGMA cache_size = -32768"};
constexpr const char* kPostgresqlSettings[] = {"SET synchronous_commit = on",
                                               "SET client_min_messages = warning",
                                               "SET client_encoding = 'UTF8'"};
constexpr const char* kMysqlSettings[] = {
    "SET SESSION sql_mode = 'TRADITIONAL,NO_BACKSLASH_ESCAPES'",
    "SET SESSION default_storage_engine = InnoDB",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"};

}  // namespace

Fault fault_of(const soci::soci_error& error, const Address& address) {
  std::string words = error.get_error_message();
  std::ranges::replace(words, '\n', ' ');
  while (words.ends_with(' ') || words.ends_with('.')) words.pop_back();
  constexpr std::size_t kWordsKept = 300;
  if (words.size() > kWordsKept) words.resize(kWordsKept);
  const bool broken = error.get_error_category() == soci::soci_error::constraint_violation;
  return Fault{broken ? FaultKind::corrupt : FaultKind::unavailable,
               "The ledger " + address.shown + ": " + words + ".", remedy_of(address)};
}

Result<std::unique_ptr<Database>> Database::open(const Address& address, bool must_exist) {
  if (must_exist && address.dialect == Dialect::sqlite) {
    const std::string file = address.shown.substr(std::string_view("sqlite:").size());
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      return fault(FaultKind::not_found, "There is no ledger " + file + ".",
                   "Name the file that `dibs serve` or `dibs ledger` writes.");
    }
  }
  try {
    auto session = std::make_unique<soci::session>(factory_of(address.dialect), address.connect);
    std::unique_ptr<Database> database(new Database(address, std::move(session)));
    if (auto done = database->set_up(); !done) return std::unexpected(done.error());
    return database;
  } catch (const soci::soci_error& error) {
    return std::unexpected(fault_of(error, address));
  }
}

Result<void> Database::set_up() {
  const auto all = [this](const auto& settings) -> Result<void> {
    for (const char* setting : settings) {
      if (auto done = run(setting); !done) return done;
    }
    return {};
  };
  if (dialect() == Dialect::sqlite) return all(kSqliteSettings);
  return dialect() == Dialect::postgresql ? all(kPostgresqlSettings) : all(kMysqlSettings);
}

Result<void> Database::begin_writing() {
  return run(dialect() == Dialect::sqlite ? "BEGIN IMMEDIATE" : "START TRANSACTION");
}

Result<void> Database::begin_reading() {
  if (dialect() == Dialect::sqlite) return run("BEGIN");
  if (dialect() == Dialect::postgresql) return run("BEGIN ISOLATION LEVEL REPEATABLE READ");
  if (auto set = run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); !set) return set;
  return run("START TRANSACTION WITH CONSISTENT SNAPSHOT");
}

Result<void> Database::run_each(const std::string& sql, const std::vector<ColumnValues>& columns) {
  try {
    soci::statement statement(*session_);
    for (const ColumnValues& column : columns) {
      std::visit([&](const auto& values) { statement.exchange(soci::use(values)); }, column);
    }
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    statement.execute(true);
    return {};
  } catch (const soci::soci_error& error) {
    return std::unexpected(fault_of(error, address_));
  }
}

Result<void> Database::commit() { return run("COMMIT"); }
Result<void> Database::rollback() { return run("ROLLBACK"); }

}  // namespace dibs::ledger

#include "ledger/schema.h"

#include <string>
#include <tuple>
#include <vector>

namespace dibs::ledger {
namespace {

constexpr const char* kTables[] = {"sales",       "items",   "orders",
                                   "order_lines", "applied", "followed"};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// The statements of one step in the words of `dialect`.
std::vector<std::string> statements(std::string_view step, Dialect dialect) {
  std::vector<std::string> all;
  std::string text(step);
  // Rows lie in order of their keys, which for orders is the order in which they come. MySQL
  // commits with every change of a table, so a step that was cut short is gone through again.
  const bool mysql = dialect == Dialect::mysql;
  replace_all(text, "{new}", mysql ? "IF NOT EXISTS" : "");
  replace_all(text, "{table}",
              dialect == Dialect::sqlite ? "WITHOUT ROWID"
              : mysql ? "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
                      : "");
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find("\n\n", from), text.size());
    std::string one = text.substr(from, end - from);
    from = end + 2;
    if (one.find_first_not_of(" \n") != std::string::npos && !one.starts_with("--")) {
      all.push_back(std::move(one));
    }
  }
  return all;
}

/// So that of two processes one makes the tables. Freed with the transaction or the connection.
Result<void> lock(Database& database) {
  if (database.dialect() == Dialect::postgresql) {
    return database.run("SELECT pg_advisory_xact_lock(1684628083)");
  }
  if (database.dialect() != Dialect::mysql) return {};
  auto got = database.rows<int>("SELECT COALESCE(GET_LOCK('dibs_ledger_schema', 60), 0)");
  if (!got) return std::unexpected(got.error());
  if (!got->empty() && std::get<0>(got->front()) == 1) return {};
  return fault(FaultKind::unavailable, "Another process is changing the ledger's tables.",
               "Wait for it, or end it.");
}

Result<void> unlock(Database& database) {
  if (database.dialect() != Dialect::mysql) return {};
  return database.run("DO RELEASE_LOCK('dibs_ledger_schema')");
}

Result<bool> is_there(Database& database, const std::string& table) {
  const char* sql =
      database.dialect() == Dialect::sqlite
          ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = :name"
      : database.dialect() == Dialect::postgresql
          ? "SELECT COUNT(*) FROM pg_class WHERE relname = :name AND pg_table_is_visible(oid)"
          : "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
            "table_name = :name";
  auto count = database.rows<long long>(sql, table);
  if (!count) return std::unexpected(count.error());
  return std::get<0>(count->front()) > 0;
}

/// 0: no tables of ours.
Result<std::size_t> version_of(Database& database) {
  const auto there = is_there(database, "ledger_version");
  if (!there) return std::unexpected(there.error());
  if (!*there) return 0;
  auto version = database.rows<int>("SELECT version FROM ledger_version");
  if (!version) return std::unexpected(version.error());
  return version->empty() ? 0 : static_cast<std::size_t>(std::get<0>(version->front()));
}

Result<void> refuse_newer(const Database& database, std::size_t version) {
  if (version <= migrations().size()) return {};
  return fault(FaultKind::bad_input,
               "The ledger " + database.address().shown + " has tables of version " +
                   std::to_string(version) + "; this program knows version " +
                   std::to_string(migrations().size()) + ".",
               "Use the program that made them, or a later one.");
}

/// A table of another program under one of our names would be written into.
Result<void> refuse_foreign(Database& database) {
  for (const char* table : kTables) {
    const auto there = is_there(database, table);
    if (!there) return std::unexpected(there.error());
    if (!*there) continue;
    return fault(FaultKind::bad_input,
                 "The database " + database.address().shown + " has a table " + table +
                     " that is not a ledger's.",
                 "Give the ledger a database, or on PostgreSQL a schema, of its own.");
  }
  return {};
}

Result<void> create_version(Database& database) {
  if (auto made = database.run("CREATE TABLE ledger_version (version INT NOT NULL)"); !made) {
    return made;
  }
  return database.run("INSERT INTO ledger_version (version) VALUES (0)");
}

Result<void> bring_up(Database& database) {
  if (auto locked = lock(database); !locked) return locked;
  const auto there = is_there(database, "ledger_version");
  if (!there) return std::unexpected(there.error());
  if (!*there) {
    if (auto own = refuse_foreign(database); !own) return own;
    if (auto made = create_version(database); !made) return made;
  }
  const auto version = version_of(database);
  if (!version) return std::unexpected(version.error());
  if (auto known = refuse_newer(database, *version); !known) return known;
  for (std::size_t step = *version; step < migrations().size(); ++step) {
    for (const std::string& sql : statements(migrations()[step], database.dialect())) {
      if (auto done = database.run(sql); !done) return done;
    }
    const int reached = static_cast<int>(step) + 1;
    if (auto done = database.run("UPDATE ledger_version SET version = :version", reached); !done) {
      return done;
    }
  }
  return unlock(database);
}

}  // namespace

Result<void> migrate(Database& database) {
  const auto version = version_of(database);
  if (!version) return std::unexpected(version.error());
  if (*version == migrations().size()) return {};
  if (auto begun = database.begin_writing(); !begun) return begun;
  auto done = bring_up(database);
  if (done) return database.commit();
  if (auto undone = database.rollback(); !undone) return undone;
  return done;
}

Result<void> check_version(Database& database) {
  const auto version = version_of(database);
  if (!version) return std::unexpected(version.error());
  if (*version == 0) {
    return fault(FaultKind::not_found,
                 "The database " + database.address().shown + " holds no ledger.",
                 "Name the one that `dibs serve` or `dibs ledger` writes.");
  }
  if (*version < migrations().size()) {
    return fault(FaultKind::bad_input,
                 "The ledger " + database.address().shown + " has tables of version " +
                     std::to_string(*version) + "; this program reads version " +
                     std::to_string(migrations().size()) + ".",
                 "Let `dibs serve` or `dibs ledger` of this version bring it up first.");
  }
  return refuse_newer(database, *version);
}

Result<void> make_anew(Database& database) {
  const auto version = version_of(database);
  if (!version) return std::unexpected(version.error());
  if (auto known = refuse_newer(database, *version); !known) return known;
  if (auto up = migrate(database); !up) return up;
  if (auto begun = database.begin_writing(); !begun) return begun;
  for (const char* table : kTables) {
    if (auto done = database.run("DELETE FROM " + std::string(table)); !done) return done;
  }
  return database.commit();
}

}  // namespace dibs::ledger

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/temp_dir.h"

namespace dibs::ledger {

/// A real PostgreSQL or MariaDB of this test program's own, started by tests/system/sql_server.py
/// when it is first asked for and ended with the program.
class SqlServer {
 public:
  /// `postgresql` or `mysql`. Null where it is not installed.
  static SqlServer* get(const std::string& kind);

  [[nodiscard]] const std::string& url() const { return url_; }
  void kill() { ask("kill"); }  ///< kill -9
  void start() { ask("start"); }

 private:
  explicit SqlServer(const std::string& kind);
  std::string line();
  void ask(const std::string& command);

  int to_ = -1;
  int from_ = -1;
  std::string url_;
};

/// A ledger for a test: on SQLite a file of its own, on a server all rows gone.
class TestLedger {
 public:
  explicit TestLedger(const std::string& kind);
  /// False: that database is not installed, and the test has nothing to do.
  [[nodiscard]] bool there() const { return !url_.empty(); }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] SqlServer* server() const { return server_; }

  /// Executes SQL as somebody with hands in the tables would.
  void sql(const std::string& text) const;

 private:
  TempDir directory_;
  SqlServer* server_ = nullptr;
  std::string url_;
};

}  // namespace dibs::ledger

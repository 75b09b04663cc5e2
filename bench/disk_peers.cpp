#include "disk_peers.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "crowd.h"
#include "measure.h"

namespace dibs::bench {
namespace {

constexpr std::size_t kPage = 4'096;

/// Closes the database when it goes.
struct Database {
  explicit Database(const std::string& file) {
    require(::sqlite3_open(file.c_str(), &handle) == SQLITE_OK, "SQLite opens a file");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE orders (arrival INTEGER PRIMARY KEY, received INTEGER, buyer TEXT, "
        "request TEXT, id BLOB, sku TEXT, quantity INTEGER, state TEXT)");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { ::sqlite3_close(handle); }

  void run(const char* statement) const {
    require(::sqlite3_exec(handle, statement, nullptr, nullptr, nullptr) == SQLITE_OK, statement);
  }

  sqlite3* handle = nullptr;
};

void bind(sqlite3_stmt* statement, int column, const std::string& text) {
  ::sqlite3_bind_text(statement, column, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void insert(sqlite3_stmt* statement, const sale::Buy& buy) {
  ::sqlite3_bind_int64(statement, 1, static_cast<sqlite3_int64>(buy.arrival.value()));
  ::sqlite3_bind_int64(statement, 2, to_ns(opening()));
  bind(statement, 3, buy.buyer.value());
  bind(statement, 4, buy.key.value());
  ::sqlite3_bind_blob(statement, 5, buy.order.bytes.data(),
                      static_cast<int>(buy.order.bytes.size()), SQLITE_STATIC);
  require(::sqlite3_step(statement) == SQLITE_DONE, "SQLite takes a row");
  ::sqlite3_reset(statement);
}

}  // namespace

double raw_commits_per_second(const std::string& directory, std::size_t commits) {
  const std::string file = directory + "/raw";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  require(descriptor >= 0, "a file can be made");
  const std::vector<char> page(kPage, 'x');
  const auto write_all = [&](bool sync) {
    for (std::size_t i = 0; i < commits; ++i) {
      const auto offset = static_cast<off_t>(i * kPage);
      require(::pwrite(descriptor, page.data(), kPage, offset) == kPage, "a page is written");
      if (sync) require(::fdatasync(descriptor) == 0, "a page is synced");
    }
  };
  write_all(false);
  require(::fsync(descriptor) == 0, "the file is synced");
  const double began = wall_seconds();
  write_all(true);
  const double seconds = wall_seconds() - began;
  ::close(descriptor);
  std::filesystem::remove(file);
  return static_cast<double>(commits) / seconds;
}

double sqlite_rows_per_second(const std::string& directory, std::size_t rows, std::size_t batch) {
  const std::string file = directory + "/peer.db";
  double seconds = 0;
  {
    const Database database(file);
    sqlite3_stmt* statement = nullptr;
    ::sqlite3_prepare_v2(database.handle,
                         "INSERT INTO orders VALUES (?, ?, ?, ?, ?, 'floor', 1, 'held')", -1,
                         &statement, nullptr);
    const double began = wall_seconds();
    for (std::size_t done = 0; done < rows; done += batch) {
      database.run("BEGIN");
      for (std::size_t i = done; i < std::min(rows, done + batch); ++i)
        insert(statement, buy_of(i));
      database.run("COMMIT");
    }
    seconds = wall_seconds() - began;
    ::sqlite3_finalize(statement);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
  return static_cast<double>(rows) / seconds;
}

}  // namespace dibs::bench

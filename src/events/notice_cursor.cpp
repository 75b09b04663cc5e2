#include "events/notice_cursor.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "events/durable_file.h"

namespace dibs::events {
namespace {

constexpr const char* kHead = "dibs-notices 1";
constexpr const char* kEnd = "end";

constexpr const char* kRemedy =
    "Make room or give the user of the server the right to write there; until then a crash makes "
    "notices be sent again.";

/// Reads `SALE SEQ POSITION TEST URL`.
bool read_entry(const std::string& line, NoticeCursor& cursor) {
  std::istringstream in(line);
  std::string sale;
  std::uint64_t seq = 0;
  std::uint64_t position = 0;
  int test = 0;
  std::string url;
  if (!(in >> sale >> seq >> position >> test >> url) || !is_sale_or_sku_id(sale)) return false;
  if (seq == 0) return false;
  cursor.sales[SaleId(sale)] = {{Seq(seq), Position(position)}, test != 0, url};
  return true;
}

}  // namespace

Result<std::optional<NoticeCursor>> read_cursor(const std::string& path) {
  std::ifstream in(path);
  if (!in.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return fault(FaultKind::unavailable,
                 "open of " + path + " failed: " + std::strerror(errno) + ".", kRemedy);
  }
  const auto damaged = [&] {
    return fault(FaultKind::corrupt, path + " is not what was written.",
                 "It only says how far notices have come: every notice is sent again, under the id "
                 "that it had.");
  };
  NoticeCursor cursor;
  std::string line;
  std::uint64_t from = 0;
  std::string word;
  if (!std::getline(in, line) || line != kHead) return damaged();
  if (!(in >> word >> from) || word != "from" || !std::getline(in, line)) return damaged();
  cursor.from = Position(from);
  while (std::getline(in, line)) {
    if (line == kEnd) return cursor;
    if (!read_entry(line, cursor)) return damaged();
  }
  return damaged();
}

Result<void> write_cursor(const std::string& path, const NoticeCursor& cursor) {
  std::ostringstream text;
  text << kHead << "\nfrom " << cursor.from.value() << '\n';
  for (const auto& [sale, entry] : cursor.sales) {
    text << sale.view() << ' ' << entry.delivered.seq.value() << ' '
         << entry.delivered.position.value() << ' ' << (entry.test ? 1 : 0) << ' ' << entry.url
         << '\n';
  }
  text << kEnd << '\n';
  return replace_file(path, text.str(), kRemedy);
}

}  // namespace dibs::events

#include "events/notice_cursor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/fd.h"

namespace dibs::events {
namespace {

constexpr const char* kHead = "dibs-notices 1";
constexpr const char* kEnd = "end";

std::unexpected<Fault> failed(const std::string& call, const std::string& path) {
  return fault(FaultKind::unavailable, call + " of " + path + " failed: " + std::strerror(errno),
               "Make room or give the user of the server the right to write there; until then a "
               "crash makes notices be sent again.");
}

Result<void> write_durably(const std::string& path, const std::string& text) {
  constexpr int kMode = 0600;  // a target may hold a secret in its path
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!file.valid()) return failed("open", path);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(file.get(), text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write", path);
    done += static_cast<std::size_t>(wrote);
  }
  if (::fsync(file.get()) != 0) return failed("fsync", path);
  return {};
}

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
    return failed("open", path);
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
  const std::string fresh = path + ".tmp";
  // Durable under another name first, so that a crash leaves the old file or the new one.
  if (auto written = write_durably(fresh, text.str()); !written) return written;
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed("rename", fresh);
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return failed("fsync", directory);
  return {};
}

}  // namespace dibs::events

#include "redis/seen.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace dibs::redis {
namespace {

// Longest line: a sale of 64, an epoch of 64, a number of 20, blanks. A line lies within one sector
// of 512 bytes, so that it is written whole or not at all.
constexpr std::size_t kLine = 256;
constexpr std::string_view kRemedy =
    "Without the file a Redis that came back older is not noticed. Move it away only when Redis is "
    "known to have all its data.";

std::unexpected<Fault> failed(FaultKind kind, const std::string& path, const std::string& what) {
  return fault(kind, "The file " + path + " " + what + ".", std::string(kRemedy));
}

}  // namespace

Result<std::unique_ptr<SeenFile>> SeenFile::open(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  const std::string path = directory + "/redis.seen";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return failed(FaultKind::bad_input, path,
                  std::string("cannot be opened: ") + std::strerror(errno));
  }
  std::unique_ptr<SeenFile> file(new SeenFile(fd, path));
  if (auto read = file->read(); !read) return std::unexpected(read.error());
  return file;
}

SeenFile::~SeenFile() {
  sync();
  ::close(fd_);
}

Result<void> SeenFile::read() {
  std::string line(kLine, '\0');
  while (true) {
    const ssize_t got = ::pread(fd_, line.data(), kLine, lines_ * static_cast<long>(kLine));
    if (got == 0) return {};
    std::istringstream in(line);
    std::string sale;
    std::string end;
    Seen seen;
    std::uint64_t seq = 0;
    if (got != static_cast<ssize_t>(kLine) || !(in >> sale >> seen.epoch >> seq >> end) ||
        end != "." || !is_sale_or_sku_id(sale)) {
      return failed(FaultKind::corrupt, path_, "is damaged in line " + std::to_string(lines_ + 1));
    }
    seen.seq = Seq(seq);
    places_.insert_or_assign(SaleId(sale), std::pair(seen, lines_));
    ++lines_;
  }
}

std::optional<Seen> SeenFile::find(const SaleId& sale) const {
  const auto it = places_.find(sale);
  if (it == places_.end()) return std::nullopt;
  return it->second.first;
}

Result<void> SeenFile::note(const SaleId& sale, const Seen& seen) {
  const auto [it, fresh] = places_.try_emplace(sale, seen, lines_);
  if (fresh) ++lines_;
  it->second.first = seen;
  auto written = write(sale, seen, it->second.second);
  if (!written) unwritten_.insert(sale);
  return written;
}

Result<void> SeenFile::settle() {
  while (!unwritten_.empty()) {
    const auto& [seen, line] = places_.at(*unwritten_.begin());
    if (auto written = write(*unwritten_.begin(), seen, line); !written) return written;
    unwritten_.erase(unwritten_.begin());
  }
  return {};
}

Result<void> SeenFile::write(const SaleId& sale, const Seen& seen, long line_number) {
  std::string line =
      sale.value() + " " + seen.epoch + " " + std::to_string(seen.seq.value()) + " .";
  line.resize(kLine - 1, ' ');
  line += '\n';
  const long place = line_number * static_cast<long>(kLine);
  if (::pwrite(fd_, line.data(), kLine, place) != static_cast<ssize_t>(kLine)) {
    return fault(FaultKind::unavailable,
                 "The file " + path_ + " cannot be written: " + std::strerror(errno) + ".",
                 "Make room on that disk: until then a loss in Redis would not be noticed.");
  }
  unsynced_ = true;
  return {};
}

void SeenFile::sync() {
  if (!unsynced_) return;
  unsynced_ = false;
  static_cast<void>(::fdatasync(fd_));
}

}  // namespace dibs::redis

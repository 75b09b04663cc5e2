#include "engine/disk.h"

#include <cerrno>
#include <system_error>

namespace dibs::engine {

bool DiskError::is_full() const { return number == ENOSPC || number == EDQUOT; }

std::string to_text(const DiskError& error) {
  return error.call + " of " + error.path +
         " failed: " + std::generic_category().message(error.number);
}

std::unexpected<Fault> disk_fault(const DiskError& error, std::string remedy) {
  if (error.is_full()) remedy = "Make room on that disk, then do the same again.";
  return fault(FaultKind::unavailable, to_text(error), std::move(remedy));
}

DiskResult<void> write_all(File& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = file.write_at(offset, bytes);
    if (!written) return std::unexpected(written.error());
    offset += *written;
    bytes.remove_prefix(*written);
  }
  return {};
}

DiskResult<std::size_t> read_all(File& file, std::uint64_t offset, std::span<char> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto got = file.read_at(offset + filled, into.subspan(filled));
    if (!got) return std::unexpected(got.error());
    if (*got == 0) break;
    filled += *got;
  }
  return filled;
}

void remove_if_there(Disk& disk, const std::string& path) {
  // Where it matters that it is gone, creating it anew fails and says so.
  if (const auto removed = disk.remove(path); !removed) return;
}

DiskResult<std::string> read_whole(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Mode::read);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  std::string bytes(*size, '\0');
  const auto got = read_all(**file, 0, bytes);
  if (!got) return std::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

}  // namespace dibs::engine

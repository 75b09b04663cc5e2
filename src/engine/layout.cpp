#include "engine/layout.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace dibs::engine {
namespace {

constexpr std::string_view kSegmentPrefix = "journal-";
constexpr std::string_view kSegmentSuffix = ".log";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kSnapshotSuffix = ".bin";
constexpr std::size_t kDigits = 20;  // of the largest 64-bit number, so names sort as numbers

std::string numbered(std::string_view prefix, Position position, std::string_view suffix) {
  std::array<char, kDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%020llu",
                static_cast<unsigned long long>(position.value()));
  return std::string(prefix) + std::string(digits.data(), kDigits) + std::string(suffix);
}

std::optional<Position> position_of(std::string_view name, std::string_view prefix,
                                    std::string_view suffix) {
  if (name.size() != prefix.size() + kDigits + suffix.size()) return std::nullopt;
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  const char* const first = name.data() + prefix.size();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(first, first + kDigits, value);
  if (error != std::errc() || end != first + kDigits) return std::nullopt;
  return Position(value);
}

DiskResult<std::vector<NumberedFile>> list_numbered(Disk& disk, const std::string& dir,
                                                    std::string_view prefix,
                                                    std::string_view suffix) {
  const auto names = disk.list(dir);
  if (!names) return std::unexpected(names.error());
  std::vector<NumberedFile> files;
  for (const std::string& name : *names) {
    if (const auto position = position_of(name, prefix, suffix)) files.push_back({*position, name});
  }
  return files;
}

}  // namespace

std::string path_in(const std::string& dir, std::string_view name) {
  return dir + "/" + std::string(name);
}

std::string lock_path(const std::string& dir) { return path_in(dir, "lock"); }
std::string mark_path(const std::string& dir) { return path_in(dir, "journal.mark"); }
std::string ballast_path(const std::string& dir) { return path_in(dir, "ballast"); }

std::string next_segment_path(const std::string& dir) { return path_in(dir, "journal-next.log"); }

std::string segment_name(Position first) { return numbered(kSegmentPrefix, first, kSegmentSuffix); }

std::string snapshot_name(Position position) {
  return numbered(kSnapshotPrefix, position, kSnapshotSuffix);
}

DiskResult<std::vector<NumberedFile>> list_segments(Disk& disk, const std::string& dir) {
  return list_numbered(disk, dir, kSegmentPrefix, kSegmentSuffix);
}

DiskResult<std::vector<NumberedFile>> list_snapshots(Disk& disk, const std::string& dir) {
  return list_numbered(disk, dir, kSnapshotPrefix, kSnapshotSuffix);
}

std::string verify_remedy(const std::string& dir) {
  return "Nothing was changed. Look at it with: dibs journal verify --data " + dir +
         " (and keep a copy of the directory before anything else).";
}

}  // namespace dibs::engine

#include <algorithm>

#include "engine/layout.h"
#include "engine/recovery.h"

namespace dibs::engine {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20U;

/// Reads `file` piece by piece from `from` to `to` (or its end) and hands each piece, with its
/// offset, to `handle`.
template <class Handle>
DiskResult<void> each_piece(File& file, std::uint64_t from, std::uint64_t to, Handle handle) {
  std::string piece;
  while (from < to) {
    piece.resize(std::min<std::uint64_t>(kPiece, to - from));
    const auto got = read_all(file, from, piece);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return {};
    piece.resize(*got);
    if (auto done = handle(from, piece); !done) return done;
    from += *got;
  }
  return {};
}

/// The same bytes once more: a sector that is half written keeps its value either way.
DiskResult<void> rewrite(File& file, std::uint64_t from, std::uint64_t to) {
  return each_piece(file, from, to, [&](std::uint64_t offset, std::string_view piece) {
    return write_all(file, offset, piece);
  });
}

DiskResult<void> zero_rest(File& file, std::uint64_t from) {
  return each_piece(file, from, UINT64_MAX, [&](std::uint64_t offset, std::string_view piece) {
    const bool clear = std::ranges::all_of(piece, [](char c) { return c == '\0'; });
    return clear ? DiskResult<void>() : write_all(file, offset, std::string(piece.size(), '\0'));
  });
}

DiskResult<void> repair_segment(File& file, std::uint64_t from, std::optional<std::uint64_t> end) {
  auto done = rewrite(file, from, end.value_or(UINT64_MAX));
  if (done && end) done = zero_rest(file, *end);
  return done ? file.sync() : done;
}

}  // namespace

Result<void> repair_tail(Disk& disk, const std::string& dir, const Recovered& recovered) {
  const auto as_result = [&](const DiskResult<void>& done) -> Result<void> {
    if (done) return {};
    return disk_fault(done.error(), verify_remedy(dir));
  };
  if (recovered.segments.empty()) return {};
  const JournalPlace first = recovered.unmarked.value_or(recovered.end);
  for (std::size_t i = first.segment; i <= recovered.end.segment; ++i) {
    auto file = disk.open(path_in(dir, recovered.segments[i].name), Disk::Mode::write);
    if (!file) return disk_fault(file.error(), verify_remedy(dir));
    const std::uint64_t from = i == first.segment ? first.offset : 0;
    const auto end = i == recovered.end.segment ? std::optional(recovered.end.offset)
                                                : std::optional<std::uint64_t>();
    if (auto done = repair_segment(**file, from, end); !done) return as_result(done);
  }
  // Names too: a segment that was created and not synced before the crash is there by luck.
  return as_result(disk.sync_directory(dir));
}

}  // namespace dibs::engine

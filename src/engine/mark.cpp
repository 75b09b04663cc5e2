#include "engine/mark.h"

#include <algorithm>

#include "base/bytes.h"

namespace dibs::engine {
namespace {

constexpr std::string_view kMarkMagic = "DIBM";
// The slots lie in different 4 KiB blocks: a disk that tears its own larger sectors, or a page
// that is written half, hits one of them.
constexpr std::uint64_t kSlotDistance = 4096;
constexpr std::size_t kSlotBytes = kSector;
constexpr std::uint64_t kSlots = 2;

std::string packed(const Mark& mark) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(kMarkMagic);
  out.number(kMarkFormat);
  out.number(mark.generation);
  out.number(mark.position.value());
  for (const std::uint8_t byte : mark.hash) out.u8(byte);
  out.signed_number(to_ns(mark.alive_at));
  out.u8(mark.clean_end ? 1 : 0);
  const Hash own = sha256(bytes);
  for (const std::uint8_t byte : own) out.u8(byte);
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

std::optional<Mark> unpacked(std::string_view slot) {
  ByteReader in(slot);
  if (in.raw(kMarkMagic.size()) != kMarkMagic || in.number() != kMarkFormat) return std::nullopt;
  Mark mark;
  mark.generation = in.number();
  mark.position = Position(in.number());
  for (std::uint8_t& byte : mark.hash) byte = in.u8();
  mark.alive_at = from_ns(in.signed_number());
  mark.clean_end = in.u8() != 0;
  const std::string_view covered = slot.substr(0, slot.size() - in.remaining());
  Hash own{};
  for (std::uint8_t& byte : own) byte = in.u8();
  if (!in.ok() || own != sha256(covered)) return std::nullopt;
  return mark;
}

/// What a slot says of its format, when it says that it is of a later one than ours.
std::optional<std::uint64_t> newer_format_of(std::string_view slot) {
  ByteReader in(slot);
  if (in.raw(kMarkMagic.size()) != kMarkMagic) return std::nullopt;
  const std::uint64_t format = in.number();
  return in.ok() && format > kMarkFormat ? std::optional(format) : std::nullopt;
}

DiskResult<void> write_slot(File& file, const Mark& mark) {
  return write_all(file, mark.generation % kSlots * kSlotDistance, packed(mark));
}

}  // namespace

MarkFile::Found MarkFile::parse(std::string_view bytes) {
  Found found;
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    const std::size_t at = slot * kSlotDistance;
    const std::string_view slot_bytes =
        at < bytes.size() ? bytes.substr(at, kSlotBytes) : std::string_view();
    const auto mark = unpacked(slot_bytes);
    if (!mark) ++found.broken_slots;
    if (!mark && !found.newer_format) found.newer_format = newer_format_of(slot_bytes);
    if (mark && (!found.mark || mark->generation > found.mark->generation)) found.mark = mark;
  }
  // Beside a slot of ours it is a damaged number: a later program writes both before it begins.
  if (found.mark) found.newer_format.reset();
  return found;
}

DiskResult<MarkFile> MarkFile::create(Disk& disk, const std::string& path, Instant now) {
  auto file = disk.open(path, Disk::Mode::create);
  if (!file) return std::unexpected(file.error());
  // Both slots are written once, so that from now on a slot which cannot be read is damage.
  Mark mark{.alive_at = now};
  for (mark.generation = 1; mark.generation <= kSlots; ++mark.generation) {
    if (auto done = write_slot(**file, mark); !done) return std::unexpected(done.error());
  }
  if (auto done = (*file)->sync(); !done) return std::unexpected(done.error());
  mark.generation = kSlots;
  return MarkFile(std::move(*file), mark);
}

DiskResult<MarkFile> MarkFile::open(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Mode::write);
  if (!file) return std::unexpected(file.error());
  std::string bytes(kSlotDistance + kSlotBytes, '\0');
  const auto got = read_all(**file, 0, bytes);
  if (!got) return std::unexpected(got.error());
  const Found found = parse(std::string_view(bytes).substr(0, *got));
  return MarkFile(std::move(*file), found.mark.value_or(Mark{}));
}

DiskResult<void> MarkFile::write(const ChainPoint& end, Instant now, bool clean_end, bool sync) {
  last_ = {.generation = last_.generation + 1,
           .position = end.position,
           .hash = end.hash,
           .alive_at = now,
           .clean_end = clean_end};
  if (auto done = write_slot(*file_, last_); !done) return done;
  return sync ? file_->sync() : DiskResult<void>();
}

}  // namespace dibs::engine

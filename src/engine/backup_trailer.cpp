#include "engine/backup_trailer.h"

#include "base/bytes.h"

namespace dibs::engine {
namespace {

constexpr std::string_view kTrailerMagic = "DIBE";
constexpr std::uint64_t kTrailerFormat = 1;

}  // namespace

std::string packed(const BackupTrailer& trailer) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(kTrailerMagic);
  out.number(kTrailerFormat);
  out.number(trailer.records);
  out.number(trailer.last.value());
  for (const std::uint8_t byte : trailer.hash) out.u8(byte);
  out.u8(trailer.ends_at_damage ? 1 : 0);
  const Hash own = sha256(bytes);
  for (const std::uint8_t byte : own) out.u8(byte);
  bytes.resize(kSector, '\0');
  return bytes;
}

std::optional<BackupTrailer> parse_trailer(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.raw(kTrailerMagic.size()) != kTrailerMagic || in.number() != kTrailerFormat)
    return std::nullopt;
  BackupTrailer trailer;
  trailer.records = in.number();
  trailer.last = Position(in.number());
  for (std::uint8_t& byte : trailer.hash) byte = in.u8();
  trailer.ends_at_damage = in.u8() != 0;
  // What is not exactly as it was written is not a trailer: that covers its own hash and length.
  return in.ok() && packed(trailer) == bytes ? std::optional(trailer) : std::nullopt;
}

}  // namespace dibs::engine

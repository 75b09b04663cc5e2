#include "engine/record.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "base/assert.h"

namespace dibs::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "the header is little-endian");

constexpr std::string_view kRecordMagic = "DIBJ";

// Offsets of the header's fields, all little-endian.
constexpr std::size_t kAtMagic = 0;
constexpr std::size_t kAtFormat = 4;  // two bytes, then two of zero
constexpr std::size_t kAtPayloadBytes = 8;
constexpr std::size_t kAtPosition = 16;
constexpr std::size_t kAtEpoch = 24;
constexpr std::size_t kAtTime = 32;
constexpr std::size_t kAtPrevious = 40;
constexpr std::size_t kAtOwn = 72;
static_assert(kAtOwn + sizeof(Hash) == kRecordHeaderBytes);

template <class T>
void put(std::string& bytes, std::size_t at, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// SHA-256 over the header without its own hash, then the payload.
Hash hash_of(std::string_view record, std::size_t payload_bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Hash hash{};
  unsigned length = 0;
  const bool done =
      context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), record.data(), kAtOwn) == 1 &&
      EVP_DigestUpdate(context.get(), record.data() + kRecordHeaderBytes, payload_bytes) == 1 &&
      EVP_DigestFinal_ex(context.get(), hash.data(), &length) == 1;
  DIBS_ASSERT(done);
  return hash;
}

bool is_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

}  // namespace

Hash sha256(std::string_view bytes) {
  Hash hash{};
  unsigned length = 0;
  const bool done =
      EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) == 1;
  DIBS_ASSERT(done);
  return hash;
}

std::string hex(const Hash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string short_hex(const Hash& hash) { return hex(hash).substr(0, 16); }

ChainPoint seal(std::string& record, const ChainPoint& previous, std::uint64_t epoch,
                Instant time) {
  DIBS_ASSERT(record.size() >= kRecordHeaderBytes);
  const std::size_t payload_bytes = record.size() - kRecordHeaderBytes;
  DIBS_ASSERT(payload_bytes <= kPayloadMax);
  ChainPoint point{.position = previous.position.next(), .epoch = epoch, .time = time};
  std::fill_n(record.begin(), kRecordHeaderBytes, '\0');
  record.replace(kAtMagic, kRecordMagic.size(), kRecordMagic);
  put(record, kAtFormat, kJournalFormat);
  put(record, kAtPayloadBytes, static_cast<std::uint32_t>(payload_bytes));
  put(record, kAtPosition, point.position.value());
  put(record, kAtEpoch, epoch);
  put(record, kAtTime, to_ns(time));
  put(record, kAtPrevious, previous.hash);
  point.hash = hash_of(record, payload_bytes);
  put(record, kAtOwn, point.hash);
  record.resize(record_bytes(payload_bytes), '\0');
  return point;
}

ParsedHead parse_head(std::string_view sector) {
  ParsedHead parsed;
  if (sector.size() < kRecordHeaderBytes) return parsed;
  if (!sector.starts_with(kRecordMagic)) {
    if (is_zero(sector.substr(0, kSector))) parsed.state = HeadState::empty;
    return parsed;
  }
  parsed.format = get<std::uint16_t>(sector, kAtFormat);
  if (parsed.format > kJournalFormat) {
    parsed.state = HeadState::newer_format;
    return parsed;
  }
  parsed.head = {.payload_bytes = get<std::uint32_t>(sector, kAtPayloadBytes),
                 .position = Position(get<std::uint64_t>(sector, kAtPosition)),
                 .epoch = get<std::uint64_t>(sector, kAtEpoch),
                 .time = from_ns(get<std::int64_t>(sector, kAtTime)),
                 .previous = get<Hash>(sector, kAtPrevious),
                 .own = get<Hash>(sector, kAtOwn)};
  const bool plausible = parsed.format > 0 && parsed.head.payload_bytes <= kPayloadMax &&
                         parsed.head.position.value() > 0;
  if (plausible) parsed.state = HeadState::ok;
  return parsed;
}

bool hash_matches(const RecordHead& head, std::string_view record) {
  if (record.size() < kRecordHeaderBytes + head.payload_bytes) return false;
  return hash_of(record, head.payload_bytes) == head.own;
}

}  // namespace dibs::engine

#include "engine/chain_reader.h"

#include <algorithm>

namespace dibs::engine {
namespace {

std::string misfit(const RecordHead& head, const ChainPoint& last) {
  if (head.position != last.position.next()) {
    return "a record of position " + std::to_string(head.position.value()) + " where " +
           std::to_string(last.position.next().value()) + " should follow";
  }
  if (head.previous != last.hash) return "a record that does not follow the one before it";
  if (head.epoch < last.epoch) return "a record of an older epoch";
  return {};
}

}  // namespace

ChainReader::ChainReader(Disk& disk, std::string dir, std::vector<NumberedFile> segments,
                         const JournalStart& from, std::size_t window_bytes)
    : disk_(disk),
      dir_(std::move(dir)),
      segments_(std::move(segments)),
      last_(from.before),
      place_{.segment = 0, .offset = from.offset},
      window_bytes_(window_bytes) {}

DiskResult<std::optional<Record>> ChainReader::next() {
  if (segments_.empty()) return std::nullopt;
  while (true) {
    auto record = read_here();
    if (!record || *record) return record;
    if (end_.why == ChainEnd::Why::newer_format || !next_segment_follows()) return record;
    // The name of the next segment was given when the last record was durable: the chain goes on
    // there, and its first record proves by its hash that nothing lies between.
    place_ = {.segment = place_.segment + 1, .offset = 0};
  }
}

void ChainReader::look_again() {
  buffer_size_ = 0;
  open_segment_ = SIZE_MAX;  // the file may have grown, and a next one may be there by now
  if (auto found = list_segments(disk_, dir_);
      found &&
      (segments_.empty() || std::ranges::find(*found, segments_.front()) != found->end())) {
    segments_.assign(
        segments_.empty() ? found->begin() : std::ranges::find(*found, segments_.front()),
        found->end());
  }
}

bool ChainReader::next_segment_follows() const {
  const std::size_t following = place_.segment + 1;
  return following < segments_.size() && segments_[following].position == last_.position.next();
}

DiskResult<bool> ChainReader::load_segment(std::size_t index) {
  if (open_segment_ == index) return true;
  auto file = disk_.open(path_in(dir_, segments_[index].name), Disk::Mode::read);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  open_segment_ = index;
  buffer_size_ = 0;
  return true;
}

DiskResult<std::string_view> ChainReader::window(std::uint64_t offset, std::size_t wanted) {
  const bool inside = offset >= buffer_at_ && offset + wanted <= buffer_at_ + buffer_size_;
  if (!inside) {
    if (const std::size_t capacity = std::max(wanted, window_bytes_); capacity > buffer_capacity_) {
      buffer_ = std::make_unique_for_overwrite<char[]>(capacity);
      buffer_capacity_ = capacity;
    }
    buffer_at_ = offset;
    buffer_size_ = 0;
    const auto got = read_all(*file_, offset, {buffer_.get(), buffer_capacity_});
    if (!got) return std::unexpected(got.error());
    buffer_size_ = *got;
  }
  return std::string_view(buffer_.get(), buffer_size_).substr(offset - buffer_at_);
}

DiskResult<std::optional<Record>> ChainReader::read_here() {
  end_ = ChainEnd{};
  end_.place = place_;
  if (auto loaded = load_segment(place_.segment); !loaded) return std::unexpected(loaded.error());
  const auto sector = window(place_.offset, kSector);
  if (!sector) return std::unexpected(sector.error());
  if (sector->empty()) return std::nullopt;

  const ParsedHead parsed = parse_head(*sector);
  const auto ends = [&](ChainEnd::Why why, std::string words) {
    end_.why = why;
    end_.format = parsed.format;
    end_.words = std::move(words);
    return std::optional<Record>();
  };
  switch (parsed.state) {
    case HeadState::empty:
      return std::nullopt;
    case HeadState::newer_format:
      return ends(ChainEnd::Why::newer_format, {});
    case HeadState::damaged:
      return ends(ChainEnd::Why::damaged, "bytes that are not a record");
    case HeadState::ok:
      break;
  }
  const auto whole = window(place_.offset, record_bytes(parsed.head.payload_bytes));
  if (!whole) return std::unexpected(whole.error());
  if (!hash_matches(parsed.head, *whole)) {
    return ends(ChainEnd::Why::damaged, "a record whose bytes do not match its hash");
  }
  if (std::string words = misfit(parsed.head, last_); !words.empty()) {
    return ends(ChainEnd::Why::damaged, std::move(words));
  }
  const Record record{.head = parsed.head,
                      .payload = whole->substr(kRecordHeaderBytes, parsed.head.payload_bytes),
                      .place = place_,
                      .segment = segments_[place_.segment].position};
  last_ = record.point();
  place_.offset += record_bytes(parsed.head.payload_bytes);
  bytes_ += record_bytes(parsed.head.payload_bytes);
  return record;
}

DiskResult<std::optional<ChainReader::Later>> ChainReader::later_record() {
  for (std::size_t index = end_.place.segment; index < segments_.size(); ++index) {
    if (auto loaded = load_segment(index); !loaded) return std::unexpected(loaded.error());
    // Records lie on sector boundaries, so every one that is there is met.
    std::uint64_t offset = index == end_.place.segment ? end_.place.offset : 0;
    for (;; offset += kSector) {
      const auto sector = window(offset, kSector);
      if (!sector) return std::unexpected(sector.error());
      if (sector->empty()) break;
      const ParsedHead parsed = parse_head(*sector);
      if (parsed.state != HeadState::ok || parsed.head.position <= last_.position) continue;
      const auto whole = window(offset, record_bytes(parsed.head.payload_bytes));
      if (!whole) return std::unexpected(whole.error());
      if (!hash_matches(parsed.head, *whole)) continue;
      return Later{.place = {.segment = index, .offset = offset}, .position = parsed.head.position};
    }
  }
  return std::nullopt;
}

}  // namespace dibs::engine

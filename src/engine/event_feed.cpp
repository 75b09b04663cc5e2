#include "engine/event_feed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/layout.h"

namespace dibs::engine {
namespace {

/// One call reads no more of the journal than this and one record: some ms of work.
constexpr std::uint64_t kBytesPerCall = std::uint64_t{4} << 20U;

/// Small, since a follower reads the end of the journal again and again.
constexpr std::size_t kWindowBytes = std::size_t{64} << 10U;

/// What is durable was written before; a second look meets it, whatever was read ahead.
constexpr int kLooks = 3;

std::unexpected<Fault> broken(const std::string& dir, std::string what) {
  return fault(FaultKind::corrupt, std::move(what), verify_remedy(dir));
}

/// The record of the last event taken in may hold more of them.
Position before(Position position) {
  return Position(position.value() == 0 ? 0 : position.value() - 1);
}

/// The head of the first record of a segment; not ok: none is there yet.
Result<ParsedHead> first_head(Disk& disk, const std::string& dir, const NumberedFile& segment) {
  const auto file = disk.open(path_in(dir, segment.name), Disk::Mode::read);
  if (!file) return disk_fault(file.error(), verify_remedy(dir));
  std::array<char, kSector> sector{};
  if (auto got = read_all(**file, 0, sector); !got) {
    return disk_fault(got.error(), verify_remedy(dir));
  }
  return parse_head({sector.data(), sector.size()});
}

}  // namespace

JournalEventReader::JournalEventReader(Disk& disk, std::string dir, store::Taken taken,
                                       std::optional<SaleId> sale,
                                       std::function<Position()> durable)
    : disk_(disk),
      dir_(std::move(dir)),
      taken_(std::move(taken)),
      after_(before(taken_.position)),
      sale_(std::move(sale)),
      durable_(std::move(durable)) {}

Result<store::EventBatch> JournalEventReader::next(std::size_t limit) {
  store::EventBatch batch;
  const Position upto = durable_();
  if (upto <= after_) return store::EventBatch{.events = {}, .caught_up = true};
  if (!chain_) {
    if (auto opened = open(); !opened) return std::unexpected(opened.error());
  }
  const std::uint64_t begun = chain_->bytes();
  while (batch.events.size() < limit) {
    if (entries_) {
      if (auto taken = take_entry(batch); !taken) return std::unexpected(taken.error());
      continue;
    }
    batch.caught_up = chain_->last().position >= upto;
    if (batch.caught_up || chain_->bytes() - begun >= kBytesPerCall) break;
    const auto record = next_record();
    if (!record) return std::unexpected(record.error());
    position_ = record->head.position;
    if (position_ > after_) entries_.emplace(record->payload);
  }
  return batch;
}

Result<void> JournalEventReader::take_entry(store::EventBatch& batch) {
  auto entry = entries_->next();
  if (!entry) {
    const bool ok = entries_->ok();
    entries_.reset();
    if (ok) return {};
    return broken(dir_, "record " + std::to_string(position_.value()) +
                            " of the journal holds an entry that this program does not know");
  }
  auto* event = std::get_if<EventEntry>(&entry->body);
  if (event == nullptr || (sale_ && entry->sale != sale_->view())) return {};
  SaleId sale{std::string(entry->sale)};
  const auto known = taken_.sales.find(sale);
  if (known != taken_.sales.end() && event->event.seq <= known->second) return {};
  batch.events.push_back(
      {.position = position_, .sale = std::move(sale), .event = std::move(event->event)});
  return {};
}

Result<Record> JournalEventReader::next_record() {
  for (int look = 0; look < kLooks; ++look) {
    auto record = chain_->next();
    if (!record) return disk_fault(record.error(), verify_remedy(dir_));
    if (*record) return **record;
    chain_->look_again();
  }
  return broken(dir_, "record " + std::to_string(chain_->last().position.next().value()) +
                          " of the journal was durable and cannot be read");
}

Result<void> JournalEventReader::open() {
  auto segments = list_segments(disk_, dir_);
  if (!segments) return disk_fault(segments.error(), verify_remedy(dir_));
  // From the last segment that begins no later than what is asked for; one that has its name and no
  // record yet holds nothing to begin with.
  const auto first_later =
      std::ranges::upper_bound(*segments, after_.next(), {}, &NumberedFile::position);
  for (auto from = first_later; from != segments->begin();) {
    --from;
    bool begun = false;
    const auto start = start_of(*from, begun);
    if (!start) return std::unexpected(start.error());
    if (!begun) continue;
    chain_ = std::make_unique<ChainReader>(
        disk_, dir_, std::vector<NumberedFile>(from, segments->end()), *start, kWindowBytes);
    return {};
  }
  return broken(dir_, "the journal's files are gone");
}

Result<JournalStart> JournalEventReader::start_of(const NumberedFile& segment, bool& begun) {
  const auto head = first_head(disk_, dir_, segment);
  if (!head) return std::unexpected(head.error());
  const ParsedHead& parsed = *head;
  begun = parsed.state == HeadState::ok;
  if (!begun) return JournalStart{};
  JournalStart start{.segment = segment.position, .offset = 0, .before = {}};
  if (segment.position == Position(1)) return start;
  start.before.position = Position(segment.position.value() - 1);
  start.before.hash = parsed.head.previous;
  return start;
}

Result<std::string> journal_epoch(Disk& disk, const std::string& dir) {
  const auto segments = list_segments(disk, dir);
  if (!segments) return disk_fault(segments.error(), verify_remedy(dir));
  if (segments->empty() || segments->front().position != Position(1)) {
    return broken(dir, "the first file of the journal is gone");
  }
  const auto head = first_head(disk, dir, segments->front());
  if (!head) return std::unexpected(head.error());
  if (head->state != HeadState::ok) return broken(dir, "the journal's first record is damaged");
  constexpr std::size_t kDigits = 32;
  return hex(head->head.own).substr(0, kDigits);
}

}  // namespace dibs::engine

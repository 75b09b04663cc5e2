#include "events/outbox_pump.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "events/cloud_event.h"

namespace dibs::events {
namespace {

constexpr std::size_t kBatch = 256;
/// Acknowledgements come some ms after the sending; new events must not wait longer for theirs.
constexpr Duration kAckPatience = std::chrono::milliseconds(5);
/// Nothing can be sent before some have come.
constexpr Duration kRoomPatience = std::chrono::milliseconds(50);
constexpr Duration kSinkPause = std::chrono::seconds(1);
constexpr Duration kStorePause = std::chrono::seconds(5);

/// What the event says of whether its sale is a test.
std::optional<bool> says_test(const sale::Fact& fact) {
  if (const auto* created = std::get_if<sale::Created>(&fact)) return created->spec.test;
  if (const auto* changed = std::get_if<sale::Changed>(&fact)) return changed->spec.test;
  return std::nullopt;
}

}  // namespace

OutboxPump::OutboxPump(Options options, const store::EventFeed& feed, const Clock& clock)
    : options_(std::move(options)), feed_(feed), clock_(clock) {}

bool OutboxPump::turn() {
  if (!begun_) take_up();
  if (clock_.monotonic() >= paused_until_) {
    pause_reason_.clear();
    read();
    if (open_sink()) send();
  }
  hear();
  write_when_due();
  tell_trouble();
  return settled() || clock_.monotonic() < paused_until_;
}

bool OutboxPump::settled() const {
  return caught_up_ && batch_.empty() && !refused_ && in_flight_.empty();
}

void OutboxPump::take_up() {
  begun_ = true;
  auto cursor = read_outbox_cursor(options_.cursor_file);
  if (!cursor) {
    options_.on_warning(cursor.error().what + " " + cursor.error().remedy);
  } else if (*cursor) {
    acked_ = std::move(**cursor);
    for (const auto& [sale, place] : acked_.sales) changed_.insert(sale);
    note_written();
    return rewind();
  } else {
    options_.on_note("Kafka is told every event from the first one on.");
  }
  begin_from_first();
}

void OutboxPump::begin_from_first() {
  for (const auto& [sale, place] : acked_.sales) changed_.insert(sale);
  acked_ = {};
  note_written();  // whatever the file still says: every event is wanted again
  unwritten_ = true;
  rewind();
}

/// Forgets what is on its way, and reads again behind what was acknowledged. The last event of that
/// is read once more, to know it again.
void OutboxPump::rewind() {
  rewound_oldest_ = oldest();
  first_number_ += in_flight_.size();
  in_flight_.clear();
  bytes_ = 0;
  batch_.clear();
  refused_.reset();
  caught_up_ = false;
  sent_places_ = acked_.sales;
  same_epoch_.clear();
  store::Taken taken = taken_by(acked_);
  knows_last_ = acked_.last.empty();
  if (!knows_last_) {
    Seq& last = taken.sales.at(acked_.last);
    last = Seq(last.value() - 1);
  }
  reader_ = feed_.read_events(std::move(taken), std::nullopt);
}

void OutboxPump::read() {
  if (!batch_.empty() || refused_) return;
  auto read = reader_->next(kBatch);
  if (!read) return pause(read.error().what, kStorePause);
  caught_up_ = read->caught_up;
  std::ranges::move(read->events, std::back_inserter(batch_));
  if (caught_up_ && batch_.empty() && !knows_last_) {
    not_of_these_data("its last event is not in this store");
  }
}

std::optional<ChainedEvent> OutboxPump::chain(const store::FedEvent& fed) {
  if (!knows_last_ && fed.sale == acked_.last) {
    knows_last_ = know_again(fed);
    if (!knows_last_) not_of_these_data("its last event is another one in this store");
    return std::nullopt;
  }
  ChainPlace& place = sent_places_[fed.sale];
  if (!fits(fed, place)) return std::nullopt;
  ChainedEvent event;
  event.sale = fed.sale;
  event.epoch = place.epoch;
  event.test = place.test = says_test(fed.event.fact).value_or(place.test);
  event.event = fed.event;
  event.previous = place.hash;
  event.hash = place.hash = chain_hash(event.previous, fed.sale, fed.event);
  place.seq = fed.event.seq;
  return event;
}

bool OutboxPump::know_again(const store::FedEvent& fed) {
  const ChainPlace& place = acked_.sales.at(acked_.last);
  return fed.event.seq == place.seq &&
         chain_hash(acked_.before_last, fed.sale, fed.event) == place.hash;
}

/// Whether the event is the next of its sale, in the data that the chain is of.
bool OutboxPump::fits(const store::FedEvent& fed, ChainPlace& place) {
  if (!same_epoch_.contains(fed.sale)) {
    const auto epoch = feed_.epoch_of(fed.sale);
    if (!epoch || epoch->empty()) {
      rewind();
      pause(epoch ? "The store names no epoch" : epoch.error().what, kStorePause);
      return false;
    }
    if (!place.epoch.empty() && place.epoch != *epoch) {
      not_of_these_data("sale " + fed.sale.value() + " has another epoch in this store");
      return false;
    }
    place.epoch = *epoch;
    same_epoch_.insert(fed.sale);
  }
  if (fed.event.seq == place.seq.next()) return true;
  not_of_these_data("sale " + fed.sale.value() + " goes on with event " +
                    std::to_string(fed.event.seq.value()) + " where " +
                    std::to_string(place.seq.next().value()) + " is next");
  return false;
}

void OutboxPump::not_of_these_data(const std::string& why) {
  if (!acked_.last.empty()) {
    options_.on_warning(options_.cursor_file + " is not of these data (" + why +
                        "): Kafka is told every event again, from the first one on. Readers that "
                        "know another history will say so.");
    return begin_from_first();
  }
  // Without its beginning a chain cannot be made, and nothing is sent outside of one.
  rewind();
  pause("The store's events are not whole: " + why, kStorePause);
}

bool OutboxPump::open_sink() {
  if (sink_) return true;
  if (batch_.empty()) return false;  // nothing to send yet
  auto opened = options_.open_sink();
  if (!opened) {
    pause(opened.error().what, kSinkPause);
    return false;
  }
  sink_ = std::move(*opened);
  return true;
}

bool OutboxPump::has_room() const {
  return in_flight_.size() < options_.events_in_flight && bytes_ < options_.bytes_in_flight;
}

void OutboxPump::send() {
  while (refused_ || (has_room() && !batch_.empty())) {
    if (!refused_) {
      const store::FedEvent fed = std::move(batch_.front());
      batch_.pop_front();
      const auto event = chain(fed);
      if (!event) continue;  // the batch may be another by now
      refused_ = to_cloud_event(*event);
      in_flight_.push_back({.sale = fed.sale,
                            .position = fed.position,
                            .seq = fed.event.seq,
                            .at = fed.event.at,
                            .previous = event->previous,
                            .hash = event->hash,
                            .test = event->test,
                            .bytes = refused_->size(),
                            .acked = false});
    }
    const std::uint64_t number = first_number_ + in_flight_.size() - 1;
    if (!sink_->send(in_flight_.back().sale.view(), *refused_, number)) return;
    bytes_ += refused_->size();
    refused_.reset();
    ++sent_;
  }
}

void OutboxPump::hear() {
  if (!sink_) return;
  const bool must_wait = refused_ || !has_room();
  const bool idle = !must_wait && (in_flight_.empty() || !batch_.empty() || !caught_up_);
  const Duration patience = sink_->trouble().empty() ? kAckPatience : kRoomPatience;
  auto heard = sink_->acked(idle ? Duration(0) : must_wait ? kRoomPatience : patience);
  if (!heard) {
    sink_.reset();
    rewind();
    return pause(heard.error().what, kSinkPause);
  }
  for (const std::uint64_t number : *heard) take_acked(number);
}

void OutboxPump::take_acked(std::uint64_t number) {
  if (number < first_number_) return;  // sent before a rewind, and since then again
  DIBS_ASSERT(number - first_number_ < in_flight_.size());
  in_flight_.at(static_cast<std::size_t>(number - first_number_)).acked = true;
  while (!in_flight_.empty() && in_flight_.front().acked) {
    InFlight& front = in_flight_.front();
    ChainPlace& place = acked_.sales[front.sale];
    if (place.epoch.empty()) place.epoch = sent_places_.at(front.sale).epoch;
    place.seq = front.seq;
    place.hash = front.hash;
    place.test = front.test;
    acked_.position = front.position;
    acked_.before_last = front.previous;
    changed_.insert(front.sale);
    acked_.last = std::move(front.sale);
    bytes_ -= front.bytes;
    in_flight_.pop_front();
    ++first_number_;
    ++acked_count_;
    unwritten_ = true;
  }
}

void OutboxPump::write_when_due() {
  if (!unwritten_ || clock_.monotonic() < written_at_ + kWriteEvery) return;
  write();
}

void OutboxPump::write() {
  if (!unwritten_) return;
  written_at_ = clock_.monotonic();
  const auto written = write_outbox_cursor(options_.cursor_file, acked_);
  if (!written && !write_failed_) {
    options_.on_warning(written.error().what + " " + written.error().remedy);
  }
  if (written) note_written();
  write_failed_ = !written;
  unwritten_ = write_failed_;
}

void OutboxPump::note_written() {
  Written now;
  for (const auto& [sale, place] : acked_.sales) now[sale] = place.seq;
  written_ = std::make_shared<const Written>(std::move(now));
}

void OutboxPump::pause(const std::string& why, Duration how_long) {
  pause_reason_ = why;
  paused_until_ = clock_.monotonic() + how_long;
}

std::optional<Instant> OutboxPump::oldest() const {
  if (!in_flight_.empty()) return in_flight_.front().at;
  if (!batch_.empty()) return batch_.front().event.at;
  return settled() ? std::nullopt : rewound_oldest_;
}

std::string OutboxPump::trouble() const {
  return pause_reason_.empty() && sink_ ? sink_->trouble() : pause_reason_;
}

void OutboxPump::tell_trouble() {
  std::string now = trouble();
  if (now.empty() == told_.empty()) return;
  if (now.empty()) {
    options_.on_note("Kafka takes events again.");
  } else {
    options_.on_warning("Kafka is not told of events, they wait in the store: " + now);
  }
  told_ = std::move(now);
}

OutboxPump::Figures OutboxPump::figures() const {
  return {.sent = sent_,
          .acked = acked_count_,
          .in_flight = in_flight_.size(),
          .bytes_in_flight = bytes_,
          .oldest = oldest(),
          .last_error = trouble()};
}

}  // namespace dibs::events

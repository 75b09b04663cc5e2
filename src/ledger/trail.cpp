#include "ledger/trail.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace dibs::ledger {
namespace {

std::optional<bool> test_of(const sale::Event& event) {
  if (const auto* created = std::get_if<sale::Created>(&event.fact)) return created->spec.test;
  if (const auto* changed = std::get_if<sale::Changed>(&event.fact)) return changed->spec.test;
  return std::nullopt;
}

}  // namespace

Result<void> Trail::name_source() {
  if (!source_.empty() || feed_.durable_position() == Position()) return {};
  auto epoch = feed_.epoch_of(SaleId());
  if (!epoch) return std::unexpected(epoch.error());
  source_ = "journal " + *epoch;
  return {};
}

Result<void> Trail::take_up(Applier& applier) {
  source_.clear();
  if (auto named = name_source(); !named) return named;
  auto rows = applier.applied();
  if (!rows) return std::unexpected(rows.error());
  store::Taken taken;
  if (!source_.empty()) {
    const auto known = applier.position(source_);
    if (!known) return std::unexpected(known.error());
    taken.position = Position(known->value_or(0));
  }
  if (taken.position > feed_.durable_position()) {
    return fault(FaultKind::corrupt,
                 "The ledger has followed the journal up to record " +
                     std::to_string(taken.position.value()) + "; this journal ends at record " +
                     std::to_string(feed_.durable_position().value()) +
                     ": it is an older copy of the one that was followed.",
                 "Use the newer data directory; or, where that is lost, make the ledger anew: dibs "
                 "ledger rebuild.");
  }
  heads_.clear();
  arrears_.clear();
  arrears_reader_.reset();
  for (const auto& [sale, row] : *rows) {
    if (auto done = take_head(sale, row); !done) return done;
  }
  for (const auto& [sale, head] : heads_) taken.sales[sale] = head.seq;
  position_ = taken.position;
  safe_ = position_;
  reader_ = feed_.read_events(std::move(taken), std::nullopt);
  return {};
}

Result<void> Trail::take_head(const SaleId& sale, const AppliedRow& row) {
  const auto epoch = feed_.epoch_of(sale);
  if (!epoch) return std::unexpected(epoch.error());
  // Followed from somewhere else: the applier will say so when an event of this one comes.
  if (row.epoch != *epoch) return {};
  if (!row.stopped.empty()) arrears_.insert(sale);
  heads_[sale] = {.seq = row.seq,
                  .hash = row.hash,
                  .previous = row.previous,
                  .position = row.position,
                  .seen = row.seq == Seq(),
                  .epoch = row.epoch,
                  .test = false,
                  .stopped = {}};
  return {};
}

Result<Trail::Piece> Trail::next(std::size_t limit) {
  Piece piece;
  if (!arrears_.empty()) {
    if (auto read = read_arrears(limit, piece); !read) return std::unexpected(read.error());
  } else {
    const Position durable = feed_.durable_position();
    auto batch = reader_->next(limit);
    if (!batch) return std::unexpected(batch.error());
    const Position last = batch->events.empty() ? Position() : batch->events.back().position;
    for (store::FedEvent& fed : batch->events) {
      if (auto given = give(std::move(fed), piece); !given) return std::unexpected(given.error());
    }
    if (batch->caught_up) {
      position_ = std::max(position_, durable);
    } else if (!batch->events.empty()) {
      position_ = std::max(position_, last);
    }
    piece.caught_up = batch->caught_up && arrears_.empty();
  }
  if (arrears_.empty()) safe_ = position_;
  if (auto named = name_source(); !named) return std::unexpected(named.error());
  if (!source_.empty()) piece.progress = Progress{source_, safe_.value()};
  return piece;
}

Result<void> Trail::give(store::FedEvent fed, Piece& piece) {
  const auto [found, fresh] = heads_.try_emplace(fed.sale);
  Head& head = found->second;
  if (fresh) {
    auto epoch = feed_.epoch_of(fed.sale);
    if (!epoch) return std::unexpected(epoch.error());
    head.epoch = std::move(*epoch);
  }
  if (!head.stopped.empty() || fed.event.seq <= head.seq) return {};
  const bool follows = head.seen && fed.event.seq == head.seq.next();
  // Those in arrears are read up to the end of the feed, this event too.
  if (!follows || arrears_.contains(fed.sale)) {
    arrears_.insert(fed.sale);
    return {};
  }
  link(std::move(fed), head, piece);
  return {};
}

Result<void> Trail::read_arrears(std::size_t limit, Piece& piece) {
  const SaleId sale = *arrears_.begin();
  Head& head = heads_[sale];
  if (!arrears_reader_) {
    // From the event of the head itself on, to see that it is there.
    const Seq before(head.seq.value() == 0 ? 0 : head.seq.value() - 1);
    arrears_reader_ =
        feed_.read_events({.position = head.position, .sales = {{sale, before}}}, sale);
  }
  auto batch = arrears_reader_->next(limit);
  if (!batch) return std::unexpected(batch.error());
  bool more = !batch->caught_up;
  for (store::FedEvent& fed : batch->events) {
    if (follows(sale, head, std::move(fed), piece)) continue;
    more = false;
    break;
  }
  if (more) return {};
  arrears_.erase(sale);
  arrears_reader_.reset();
  if (!head.seen && head.stopped.empty()) {
    head.stopped = "sale " + sale.value() + ": the ledger has applied an event " +
                   std::to_string(head.seq.value()) + " with the hash " +
                   events::to_hex(head.hash) + ", which the journal does not have";
  }
  return {};
}

bool Trail::follows(const SaleId& sale, Head& head, store::FedEvent fed, Piece& piece) {
  if (!head.stopped.empty()) return false;
  const Seq seq = fed.event.seq;
  if (!head.seen && seq == head.seq) {
    head.seen = events::chain_hash(head.previous, sale, fed.event) == head.hash;
    return head.seen;
  }
  if (seq <= head.seq) return true;
  if (!head.seen || seq != head.seq.next()) return false;
  link(std::move(fed), head, piece);
  return true;
}

void Trail::link(store::FedEvent fed, Head& head, Piece& piece) {
  if (const auto test = test_of(fed.event)) head.test = *test;
  Delivered one;
  one.position = fed.position;
  one.event.sale = std::move(fed.sale);
  one.event.epoch = head.epoch;
  one.event.test = head.test;
  one.event.event = std::move(fed.event);
  one.event.previous = head.hash;
  one.event.hash = events::chain_hash(head.hash, one.event.sale, one.event.event);
  head.seq = one.event.event.seq;
  head.previous = head.hash;
  head.hash = one.event.hash;
  head.position = one.position;
  piece.events.push_back(std::move(one));
}

std::map<SaleId, Seq> Trail::reached() const {
  std::map<SaleId, Seq> all;
  for (const auto& [sale, head] : heads_) all[sale] = head.seq;
  return all;
}

std::map<SaleId, std::string> Trail::stopped() const {
  std::map<SaleId, std::string> all;
  for (const auto& [sale, head] : heads_) {
    if (!head.stopped.empty()) all[sale] = head.stopped;
  }
  return all;
}

}  // namespace dibs::ledger

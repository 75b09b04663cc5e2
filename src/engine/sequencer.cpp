#include "engine/sequencer.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "base/assert.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "store/both_clocks.h"
#include "store/thread_name.h"

namespace dibs::engine {
namespace {

// Refused requests are recorded at most this much later, with the next commit if one comes.
constexpr Duration kRefusalsWait = std::chrono::milliseconds(100);
// Between numbering so many, the committer is looked at: has it become idle, it gets what there is.
constexpr int kRequestsPerLook = 256;
// The longest sleep, so that a wall clock set forward is noticed before a sale opens late by much.
constexpr Duration kLongestSleep = std::chrono::milliseconds(250);

// Steps of what is due by itself in one sale, 64 orders each, before the requests of others have
// their turn: about a fifth of a millisecond.
constexpr int kStepsInOneGo = 8;

// What is due by itself is committed in portions of about so many events.
constexpr std::uint64_t kEventsOfSteps = 1'536;

// What the start and the clean end say of a sale: id, seq, arrival, hash, and their lengths.
constexpr std::size_t kSaleFactBytes = 128;
static_assert(limits::kSales * kSaleFactBytes <= kPayloadMax);

bool begins_new_work(const sale::Command& command) {
  return std::holds_alternative<sale::Buy>(command.action) ||
         std::holds_alternative<sale::Put>(command.action);
}

const sale::Buy* buy_of(const Request& request) {
  const auto* command = std::get_if<CommandRequest>(&request.body);
  return command == nullptr ? nullptr : std::get_if<sale::Buy>(&command->command.action);
}

void fetch_lines(const void* memory, std::size_t size) {
  constexpr std::size_t kLine = 64;
  for (std::size_t at = 0; at < size; at += kLine) {
    __builtin_prefetch(static_cast<const char*>(memory) + at);
  }
}

Fault too_many_sales() {
  return {FaultKind::unavailable,
          "This server holds " + std::to_string(limits::kSales) + " sales, as many as it can.",
          "Use another data directory for the next sale."};
}

Fault disk_full() {
  return {FaultKind::unavailable, "The disk is full.",
          "Make room in the data directory's file system. Payments, leaving and expiry go on from "
          "a reserve."};
}

}  // namespace

void Sequencer::start() {
  thread_ = std::thread([this] { run(); });
}

void Sequencer::drain() {
  draining_ = true;
  parts_.ingress.bell().ring();
  if (thread_.joinable()) return thread_.join();
  finish();
}

void Sequencer::run() {
  store::name_thread("dibs-sequencer");
  begin();
  while (!draining_) {
    pass();
    if (const Duration longest = sleep_time(); longest > Duration(0)) {
      parts_.ingress.bell().wait_for(longest);
    }
  }
  finish();
}

void Sequencer::finish() {
  pass();
  while (const auto request = parts_.merge.next_unwaited()) number(request_of(*request));
  write_clean_end();
}

void Sequencer::begin() {
  const Instant now = parts_.clock.now();
  const Duration downtime = std::max(now - parts_.last_alive, Duration(0));
  parts_.sales.begin_epoch();
  batch_->entries().start({downtime});
  batch_->must_commit = true;
  parts_.sales.each([&](SaleSlot& slot) {
    if (!slot.sale.exists()) return;
    // What was due before it went away: Restart would do it too, but all of it in one commit.
    do_what_is_due(slot, parts_.last_alive);
    // Before anything else that is due: nobody's hold ends because the server was away.
    const sale::Outcome outcome =
        slot.sale.apply({.action = sale::Restart{downtime}}, now, events_of(slot));
    DIBS_ASSERT(outcome.code == sale::Code::ok);
    record_events(slot);
    due_times_.note(slot);
  });
  flush(true);
}

void Sequencer::pass() {
  const auto [monotonic, wall] = store::read_both(parts_.clock);
  now_ = monotonic;
  parts_.merge.collect(monotonic, wall);
  add_due(wall);
  int numbered = 0;
  while (const auto request = parts_.merge.next()) {
    get_ready();
    number(request_of(*request));
    if (++numbered % kRequestsPerLook == 0) flush(false);
  }
  flush(false);
  const store::Merge::Counters& order = parts_.merge.counters();
  if (order.clock_steps != counters_.clock_steps) {
    parts_.warn("the wall clock was set: openings, closings and ends of holds follow it");
  }
  counters_.late = order.late;
  counters_.unwaited = order.unwaited;
  counters_.clock_steps = order.clock_steps;
}

/// For requests that come soon: what was written by another core, and what their sale looks into,
/// is asked for now, so that it is here when their turn comes. Three steps, each of which needs
/// what the one before asked for.
void Sequencer::get_ready() {
  constexpr std::size_t kStep = sale::Sale::kFetchAhead;
  if (const auto* request = parts_.merge.ahead(3 * kStep)) {
    fetch_lines(request, sizeof(Request));
  }
  if (const auto* request = parts_.merge.ahead(2 * kStep)) {
    if (const sale::Buy* buy = buy_of(static_cast<const Request&>(*request))) {
      __builtin_prefetch(buy->buyer.view().data());
      __builtin_prefetch(buy->key.view().data());
      __builtin_prefetch(buy->lines.data());
    }
  }
  auto* request = static_cast<Request*>(parts_.merge.ahead(kStep));
  if (request == nullptr || buy_of(*request) == nullptr) return;
  sale::Command& command = std::get<CommandRequest>(request->body).command;
  give_key(std::get<sale::Buy>(command.action));
  if (const SaleSlot* slot = parts_.sales.find(request->sale)) slot->sale.fetch(command);
}

void Sequencer::number(Request& request) {
  if (parts_.failure.failed()) return refuse(request, parts_.failure.fault());
  if (auto* command = std::get_if<CommandRequest>(&request.body)) {
    number(request, *command);
  } else if (auto* look = std::get_if<LookRequest>(&request.body)) {
    number(request, *look);
  } else if (SaleSlot* slot = parts_.sales.find(request.sale)) {
    do_some_of_what_is_due(*slot, request.stamp.received);
  }
  if (batch_->full()) flush(true);
}

void Sequencer::number(Request& request, CommandRequest& request_body) {
  counters_.commands.fetch_add(1, std::memory_order_relaxed);
  sale::Command& command = request_body.command;
  const Instant now = request.stamp.received;
  const bool creates = std::holds_alternative<sale::Put>(command.action);
  SaleSlot* slot = parts_.sales.find(request.sale);
  if (slot == nullptr && creates && parts_.sales.size() < limits::kSales) {
    slot = &parts_.sales.find_or_add(request.sale);
  }
  if (slot == nullptr && creates) return refuse(request, too_many_sales());
  if (slot == nullptr) {
    sale::Outcome unknown;
    unknown.code = sale::Code::unknown_sale;
    unknown.now = now;
    return batch_->add_reply(std::move(request_body.reply), std::move(unknown));
  }
  do_what_is_due(*slot, now);
  if (refused_for_space(request, command)) return;
  if (auto* buy = std::get_if<sale::Buy>(&command.action)) give_identity(*slot, *buy);
  sale::Outcome outcome = slot->sale.apply(command, now, events_of(*slot));
  record_events(*slot);
  if (outcome.created) reserve_arrivals(*slot);
  record_arrival(*slot, request, command, outcome);
  due_times_.note(*slot);
  batch_->add_reply(std::move(request_body.reply), std::move(outcome));
}

bool Sequencer::refused_for_space(Request& request, const sale::Command& command) {
  if (!begins_new_work(command) || !parts_.journal.disk_full()) return false;
  refuse(request, disk_full());
  return true;
}

void Sequencer::number(Request& request, LookRequest& look) {
  const Instant now = request.stamp.received;
  if (look.whole) {
    parts_.sales.each([&](SaleSlot& slot) { do_what_is_due(slot, now); });
  } else if (SaleSlot* slot = parts_.sales.find(request.sale)) {
    do_what_is_due(*slot, now);
  }
  batch_->add_answer(look.look(&parts_.sales, nullptr));
}

void Sequencer::give_key(sale::Buy& buy) {
  if (buy.order == OrderKey()) buy.order = keys_.next();
}

void Sequencer::give_identity(SaleSlot& slot, sale::Buy& buy) {
  give_key(buy);
  buy.arrival = slot.last.next();
  if (slot.sale.exists() && buy.arrival > slot.reserved) reserve_arrivals(slot);
}

void Sequencer::reserve_arrivals(SaleSlot& slot) {
  // In the same commit as the first number of the block, or an earlier one: an answer that shows
  // the number waits for that commit, so the number is never shown before it is reserved.
  slot.reserved = Arrival(std::max(slot.reserved, slot.last).value() + kArrivalBlock);
  batch_->entries().reserve(slot.id, slot.reserved);
  batch_->must_commit = true;
}

void Sequencer::do_what_is_due(SaleSlot& slot, Instant now) {
  if (!slot.sale.due(now)) return;
  while (slot.sale.due(now)) step(slot, now);
  due_times_.note(slot);
}

/// A million holds may end at once. Nobody waits for all of them but who asks for that very sale:
/// what is left is due again in the next pass, and what came for other sales goes before it.
void Sequencer::do_some_of_what_is_due(SaleSlot& slot, Instant now) {
  for (int i = 0; i < kStepsInOneGo && slot.sale.due(now); ++i) step(slot, now);
  due_times_.note(slot);
}

void Sequencer::step(SaleSlot& slot, Instant now) {
  slot.sale.step(now, events_of(slot));
  record_events(slot);
  // Bounded commits, however much is due: small enough to stay in the processor's own memory.
  if (batch_->event_count >= kEventsOfSteps || batch_->full()) flush(true);
}

std::vector<sale::Event>& Sequencer::events_of(SaleSlot& slot) {
  return slot.change ? batch_->changes[*slot.change].events : events_;
}

void Sequencer::record_events(SaleSlot& slot) {
  if (!slot.change) {
    if (events_.empty()) return;
    slot.change = batch_->changes.size();
    batch_->add_change(slot, events_);
  }
  Batch::Change& change = batch_->changes[*slot.change];
  const auto fresh = std::span(change.events).subspan(change.packed);
  if (fresh.empty()) return;
  for (const sale::Event& event : fresh) batch_->entries().event(slot.id, event);
  counters_.events.fetch_add(fresh.size(), std::memory_order_relaxed);
  batch_->event_count += fresh.size();
  batch_->must_commit = true;
  if (parts_.keep_events) {
    change.packed = change.events.size();
  } else {
    change.events.clear();
  }
}

void Sequencer::record_arrival(SaleSlot& slot, const Request& request, const sale::Command& command,
                               const sale::Outcome& outcome) {
  const auto* buy = std::get_if<sale::Buy>(&command.action);
  if (buy == nullptr || outcome.arrival != buy->arrival) return;  // not numbered, or a replay
  slot.last = outcome.arrival;
  if (outcome.code == sale::Code::ok) return;  // the Accepted event tells it
  batch_->entries().refused(slot.id, {.arrival = outcome.arrival,
                                      .received = request.stamp.received,
                                      .buyer = buy->buyer,
                                      .code = outcome.code,
                                      .order = std::nullopt});
  if (!refusals_since_) refusals_since_ = now_;
}

void Sequencer::add_due(Instant now) {
  while (SaleSlot* slot = due_times_.take(now)) {
    // Behind everything that arrived at the same moment or before: 12:00:00.000 is judged by the
    // rules' own comparison, this only sees to it that somebody looks.
    const Instant at = std::min(now, slot->sale.next_due().value_or(now));
    parts_.merge.add(
        std::make_unique<Request>(Stamp{at, kNoLoop, UINT64_MAX}, slot->id, DueRequest{}));
  }
}

bool Sequencer::refusals_overdue() const {
  return refusals_since_ && now_ - *refusals_since_ >= kRefusalsWait;
}

void Sequencer::flush(bool wait) {
  if (!parts_.committer.idle()) {
    if (!wait) return;
    parts_.committer.wait_idle();
  }
  if (batch_->must_commit || refusals_overdue() || batch_->record().size() >= Batch::kPayloadFull) {
    return hand_over();
  }
  // Nothing to make durable, and all that was before is: no need to go through another thread.
  const bool failed = parts_.failure.failed();
  batch_->give_answers(failed ? &parts_.failure.fault() : nullptr);
}

void Sequencer::hand_over() {
  for (Batch::Change& change : batch_->changes) {
    change.view = std::make_shared<const sale::SaleView>(change.slot->sale.view());
    change.slot->change.reset();
  }
  refusals_since_.reset();
  batch_ = parts_.committer.hand_over(std::move(batch_));
}

Duration Sequencer::sleep_time() {
  Duration longest = std::min(kLongestSleep, parts_.merge.ask_and_wait_time());
  if (const auto due = due_times_.next()) {
    longest = std::min(longest, std::max(*due - parts_.clock.now(), Duration(0)));
  }
  if (refusals_since_ && parts_.committer.idle()) {
    longest = std::min(longest, *refusals_since_ + kRefusalsWait - now_);
  }
  return longest;
}

void Sequencer::write_clean_end() {
  flush(true);
  if (parts_.failure.failed()) return;
  CleanEndEntry end;
  parts_.sales.each([&](SaleSlot& slot) {
    const Seq seq = slot.sale.view().seq;
    if (seq == Seq()) return;  // a sale that was asked for and never created
    end.sales.push_back({slot.id, seq, slot.last, slot.sale.state_hash()});
  });
  batch_->entries().clean_end(end);
  batch_->must_commit = true;
  flush(true);
  parts_.committer.wait_idle();
}

}  // namespace dibs::engine

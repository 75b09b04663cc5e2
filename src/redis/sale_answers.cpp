#include <algorithm>
#include <utility>

#include "redis/batch.h"
#include "redis/store_impl.h"

/// What a call came to: its events folded into the replica, shown, noted, and every request
/// answered.
namespace dibs::redis {
namespace {

sale::Outcome outcome_of(const Applied& applied, const sale::Command& command,
                         const sale::Sale& sale) {
  sale::Outcome outcome;
  outcome.code = applied.code;
  outcome.arrival = applied.arrival;
  outcome.replayed = applied.replayed;
  outcome.created = applied.created;
  if (applied.order) outcome.order = sale.find(*applied.order);
  if (const auto* buy = std::get_if<sale::Buy>(&command.action);
      buy != nullptr && applied.code == sale::Code::limit_reached) {
    outcome.live_orders = sale.live_orders(buy->buyer);
  }
  outcome.opens_at = applied.opens_at;
  outcome.now = applied.now;
  outcome.detail = applied.detail;
  return outcome;
}

}  // namespace

/// Folds, each command's view in its turn; then tells the listeners; then answers.
void Store::Impl::answer(Slot& slot, Batch& batch, BatchResult& result) {
  if (slot.context.epoch.empty()) slot.context.epoch = result.epoch;
  std::vector<sale::Event> folded;
  std::size_t next_event = 0;
  const auto fold_upto = [&](Seq upto) {
    while (slot.fenced.empty() && next_event < result.events.size() &&
           result.events[next_event].seq <= upto) {
      fold(slot, result.events[next_event++], folded);
    }
  };
  std::vector<std::pair<store::Reply<sale::Outcome>, sale::Outcome>> outcomes;
  std::vector<SaleRequestPtr> looks;
  std::size_t reached = 0;
  std::size_t done = 0;
  for (auto& request : batch.requests) {
    if (auto* command = std::get_if<SaleCommand>(&request->body)) {
      const Applied& applied = result.results.at(reached);
      if (!applied.reached) break;
      ++reached;
      fold_upto(applied.seq);
      outcomes.emplace_back(std::move(command->reply),
                            outcome_of(applied, command->command, slot.sale));
    } else {
      looks.push_back(std::move(request));
    }
    ++done;
  }
  fold_upto(result.seq);
  // What is still due comes before whoever asked: these are sent again, first.
  const bool still_due = result.next_due && *result.next_due <= result.now;
  for (std::size_t i = batch.requests.size(); i-- > done;) {
    slot.queue.push_front(std::move(batch.requests[i]));
  }
  if (still_due) {
    slot.wants_step = true;
    for (std::size_t i = looks.size(); i-- > 0;) slot.queue.push_front(std::move(looks[i]));
    looks.clear();
  }
  slot.due = result.next_due;
  if (slot.due && !options.own_clock) *slot.due += clock.now() - result.now;
  publish(slot, folded);
  for (auto& [reply, outcome] : outcomes) reply(std::move(outcome));
  for (auto& look : looks) std::get<SaleLook>(look->body).look(&slot.sale, nullptr);
}

void Store::Impl::answer_fault(Batch& batch, const Fault& fault) {
  Fault of_reads = fault;
  of_reads.kind = FaultKind::unavailable;
  for (auto& request : batch.requests) {
    request->refuse(std::holds_alternative<SaleCommand>(request->body) ? fault : of_reads);
  }
}

bool Store::Impl::fold(Slot& slot, const sale::Event& event, std::vector<sale::Event>& folded) {
  if (auto done = slot.sale.replay(event); !done) {
    fence(slot, done.error().what);
    return false;
  }
  slot.context.known = event.seq;
  slot.context.min_seq = std::max(slot.context.min_seq, event.seq);
  slot.last = event;
  folded.push_back(event);
  return true;
}

/// Everything folded is on Redis' disk, or wherever the promise wants it: it was answered.
void Store::Impl::publish(Slot& slot, const std::vector<sale::Event>& folded) {
  if (folded.empty()) return;
  note(slot);
  const auto view = std::make_shared<const sale::SaleView>(slot.sale.view());
  views.set(view);
  for (store::EventListener* listener : listeners) listener->on_events(view, folded);
}

void Store::Impl::note(const Slot& slot) {
  if (slot.context.epoch.empty()) return;
  published.set(slot.id, slot.context.epoch, slot.context.known);
  if (slot.home) published.lies_at(slot.id, slot.home->address);
  const auto noted = seen->note(slot.id, {slot.context.epoch, slot.context.min_seq});
  if (!noted && !std::exchange(note_failed, true)) {
    warn(noted.error().what + " Nothing is sold until it can. " + noted.error().remedy);
  }
  if (noted) note_failed = false;
}

}  // namespace dibs::redis

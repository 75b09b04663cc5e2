#include <algorithm>
#include <utility>

#include "redis/fields.h"
#include "redis/names.h"
#include "redis/store_impl.h"

/// The calls of one sale: one on its way at a time, with all that has come meanwhile in the next.
namespace dibs::redis {
namespace {

constexpr std::size_t kPage = 1000;  // events of one XRANGE
constexpr std::size_t kLooksPerCall = 4096;
constexpr auto kWaitPatience = std::chrono::milliseconds(2000);

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

/// What one call carries.
struct Store::Impl::Batch {
  std::vector<SaleRequestPtr> requests;
  std::vector<const sale::Command*> commands;
  bool steps = false;  ///< `apply`; otherwise `look`
};

Slot& Store::Impl::slot_of(const SaleId& sale) {
  auto& slot = slots[sale];
  if (slot) return *slot;
  slot = std::make_unique<Slot>(sale);
  slot->context.sale = sale;
  slot->context.fresh_epoch = order_word(keys.next());
  slot->context.away_after = options.away_after;
  if (const auto before = seen->find(sale)) {
    slot->context.epoch = before->epoch;
    slot->context.min_seq = before->seq;
  }
  return *slot;
}

void Store::Impl::send(Slot& slot) {
  if (!slot.caught_up && slot.fenced.empty()) return catch_up(slot);
  auto batch = std::make_unique<Batch>();
  while (!slot.queue.empty() && batch->commands.size() < kCommandsPerCall &&
         batch->requests.size() < kLooksPerCall) {
    auto& request = batch->requests.emplace_back(std::move(slot.queue.front()));
    slot.queue.pop_front();
    if (auto* command = std::get_if<SaleCommand>(&request->body)) {
      if (auto* buy = std::get_if<sale::Buy>(&command->command.action);
          buy != nullptr && buy->order == OrderKey()) {
        buy->order = keys.next();
      }
      batch->commands.push_back(&command->command);
    }
  }
  if (!slot.fenced.empty()) return answer_fenced(slot, *batch);
  batch->steps = std::exchange(slot.wants_step, false) || !batch->commands.empty();
  send(slot, std::move(batch));
}

void Store::Impl::send(Slot& slot, std::unique_ptr<Batch> batch) {
  slot.asked = monotonic_now();
  if (batch->steps) slot.stepped = slot.asked;
  slot.busy = true;
  slot.context.now = options.own_clock ? std::optional(clock.now()) : std::nullopt;
  ++calls;
  commands += batch->commands.size();
  const Library& library = Library::built_in();
  auto words = batch->steps ? words_of(library, slot.context, batch->commands)
                            : words_of_look(library, slot.context);
  if (options.durability != Promise::replica) {
    return connection.call(words, [this, &slot, batch = std::move(batch)](auto reply) mutable {
      received(slot, std::move(batch), reply);
    });
  }
  // The reply is looked at only once every replica has what it tells of; until then it is as if the
  // call were still on its way.
  struct Held {
    std::unique_ptr<Batch> batch;
    std::optional<Result<BatchResult>> result;
  };
  auto held = std::make_shared<Held>();
  const std::size_t count = batch->steps ? batch->commands.size() : 0;
  held->batch = std::move(batch);
  connection.call(words, [held, count, known = slot.context.known](auto reply) {
    if (reply) held->result = parse(**reply, known, count);
  });
  const std::vector<std::string> wait{"WAIT", std::to_string(std::max<std::uint64_t>(1, replicas)),
                                      std::to_string(kWaitPatience.count())};
  connection.call(wait, [this, &slot, held](Result<const redisReply*> reply) {
    if (!reply) return received(slot, std::move(held->batch), reply);
    if (number_of(**reply).value_or(0) <
        static_cast<std::int64_t>(std::max<std::uint64_t>(1, replicas))) {
      connection.close({FaultKind::unavailable,
                        "A replica has not confirmed what was sold in time.",
                        "It is tried again; the same request with the same key finds the truth."});
      return answer_fault(*held->batch, {FaultKind::unknown, connection.why_closed().what,
                                         connection.why_closed().remedy});
    }
    slot.busy = false;
    if (!held->result || !*held->result) {
      Fault fault = held->result ? held->result->error() : connection.why_closed();
      fault.kind = FaultKind::unknown;
      answer_fault(*held->batch, fault);
      return connection.close(fault);
    }
    complete(slot, std::move(held->batch), std::move(**held->result));
  });
}

void Store::Impl::received(Slot& slot, std::unique_ptr<Batch> batch,
                           Result<const redisReply*> reply) {
  slot.busy = false;
  if (!reply) return answer_fault(*batch, reply.error());
  auto result = parse(**reply, slot.context.known, batch->steps ? batch->commands.size() : 0);
  if (result) return complete(slot, std::move(batch), *std::move(result));
  const bool refused = (*reply)->type == REDIS_REPLY_ERROR;  // then nothing has changed
  Fault fault = result.error();
  fault.kind = refused ? FaultKind::unavailable : FaultKind::unknown;
  answer_fault(*batch, fault);
  if (result.error().kind == FaultKind::corrupt) return fence(slot, fault.what);
  // Redis is short of memory: reads and the other sales' calls in flight need no new connection.
  if (refused && std::string_view((*reply)->str, (*reply)->len).starts_with("OOM")) return;
  // The functions may be gone, or the settings changed: everything from the beginning.
  connection.close(fault);
}

void Store::Impl::complete(Slot& slot, std::unique_ptr<Batch> batch, BatchResult result) {
  if (result.fenced) {
    fence(slot, result.why_fenced);
    return answer_fenced(slot, *batch);
  }
  if (!batch->steps) {
    const bool behind = result.seq != slot.context.known;
    const bool due = result.next_due && *result.next_due <= result.now;
    if (behind || due) {
      if (batch->requests.empty()) {
        slot.wants_step = true;
        return;
      }
      batch->steps = true;
      return send(slot, std::move(batch));
    }
  }
  const Seq next = slot.context.known.next();
  if (result.first > next && batch->steps) {
    // Others have done more than one call tells: the rest comes from the stream, a page at a time.
    slot.busy = true;
    const std::vector<std::string> words{"XRANGE",
                                         events_key(slot.id),
                                         std::to_string(next.value()) + "-0",
                                         std::to_string(result.first.value() - 1) + "-0",
                                         "COUNT",
                                         std::to_string(kPage)};
    return connection.call(words, [this, &slot, batch = std::move(batch),
                                   result = std::move(result)](auto reply) mutable {
      slot.busy = false;
      if (!reply) return answer_fault(*batch, reply.error());
      std::vector<sale::Event> folded;
      for (const redisReply* entry : elements(**reply)) {
        const auto event = decode_event(*entry);
        if (!event || !fold(slot, *event, folded)) break;
      }
      publish(slot, folded);
      if (folded.empty()) fence(slot, "Events of this sale are missing in Redis.");
      if (!slot.fenced.empty()) return answer_fenced(slot, *batch);
      complete(slot, std::move(batch), std::move(result));
    });
  }
  answer(slot, *batch, result);
}

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

void Store::Impl::answer_fenced(Slot& slot, Batch& batch) {
  for (auto& request : batch.requests) {
    if (auto* command = std::get_if<SaleCommand>(&request->body)) {
      sale::Outcome outcome;
      outcome.code = sale::Code::fenced;
      outcome.now = clock.now();
      outcome.detail = slot.fenced;
      command->reply(std::move(outcome));
    } else {
      // What was answered before the loss is what buyers may still see.
      std::get<SaleLook>(request->body).look(&slot.sale, nullptr);
    }
  }
}

void Store::Impl::answer_fault(Batch& batch, const Fault& fault) {
  Fault of_reads = fault;
  of_reads.kind = FaultKind::unavailable;
  for (auto& request : batch.requests) {
    request->refuse(std::holds_alternative<SaleCommand>(request->body) ? fault : of_reads);
  }
}

/// Reads the events behind those known; the last known one too, to see that it is still the same.
void Store::Impl::catch_up(Slot& slot) {
  slot.busy = true;
  const std::string from = slot.last ? std::to_string(slot.last->seq.value()) + "-0" : "-";
  connection.call({"XRANGE", events_key(slot.id), from, "+", "COUNT", std::to_string(kPage)},
                  [this, &slot](auto reply) { caught(slot, reply); });
}

void Store::Impl::caught(Slot& slot, Result<const redisReply*> reply) {
  slot.busy = false;
  if (!reply) return;
  const auto entries = elements(**reply);
  std::vector<sale::Event> folded;
  for (const redisReply* entry : entries) {
    const auto event = decode_event(*entry);
    if (!event) {
      fence(slot, event.error().what);
      break;
    }
    if (slot.last && event->seq == slot.last->seq) {
      if (*event == *slot.last) continue;
      fence(slot, "Redis has another event " + std::to_string(event->seq.value()) +
                      " than the one that was answered from: it came back older and went on.");
      break;
    }
    if (!fold(slot, *event, folded)) break;
  }
  if (!folded.empty()) publish(slot, folded);
  slot.caught_up = entries.size() < kPage;
  slot.wants_step = true;
  send(slot);
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
  if (!slot.context.epoch.empty()) {
    const auto noted = seen->note(slot.id, {slot.context.epoch, slot.context.min_seq});
    if (!noted) warn(noted.error().what);
  }
  const auto view = std::make_shared<const sale::SaleView>(slot.sale.view());
  views.set(view);
  for (store::EventListener* listener : listeners) listener->on_events(view, folded);
}

void Store::Impl::fence(Slot& slot, const std::string& why) {
  if (!slot.fenced.empty()) return;
  slot.fenced = why;
  ++fenced_sales;
  warn("sale " + slot.id.value() + " has stopped: " + why);
}

}  // namespace dibs::redis

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

/// What a call of a function was answered.
struct Store::Impl::Heard {
  Result<BatchResult> result;
  bool refused = false;         ///< an error of the server: nothing has changed
  bool without_memory = false;  ///< that error was that it is short of memory
};

/// What one call carries.
struct Store::Impl::Batch {
  std::vector<SaleRequestPtr> requests;
  std::vector<const sale::Command*> commands;
  bool steps = false;  ///< `apply`; otherwise `look`
};

Store::Impl::Heard Store::Impl::hear(const redisReply& reply, Seq known, std::size_t commands) {
  const bool refused = reply.type == REDIS_REPLY_ERROR;
  return {.result = parse(reply, known, commands),
          .refused = refused,
          .without_memory = refused && std::string_view(reply.str, reply.len).starts_with("OOM")};
}

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
  const auto noted = seen->settle();
  while (!slot.queue.empty() && batch->commands.size() < kCommandsPerCall &&
         batch->requests.size() < kLooksPerCall) {
    auto& request = batch->requests.emplace_back(std::move(slot.queue.front()));
    slot.queue.pop_front();
    if (auto* command = std::get_if<SaleCommand>(&request->body)) {
      if (!noted && slot.fenced.empty()) {
        request->refuse(noted.error());
        batch->requests.pop_back();
        continue;
      }
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
  const bool waits = options.durability == Promise::replica;
  batch->steps |= waits;  // a look writes nothing that could be waited for
  slot.context.writes = waits;
  slot.asked = monotonic_now();
  if (batch->steps) slot.stepped = slot.asked;
  slot.busy = true;
  slot.context.now = options.own_clock ? std::optional(clock.now()) : std::nullopt;
  ++calls;
  commands += batch->commands.size();
  const Library& library = Library::built_in();
  auto words = batch->steps ? words_of(library, slot.context, batch->commands)
                            : words_of_look(library, slot.context);
  const std::size_t count = batch->steps ? batch->commands.size() : 0;
  confirmed<Heard>(
      words, {},
      [known = slot.context.known, count](const redisReply& r) { return hear(r, known, count); },
      [this, &slot, batch = std::move(batch)](Result<Heard> heard) mutable {
        slot.busy = false;
        if (!heard) return answer_fault(*batch, heard.error());
        received(slot, std::move(batch), *std::move(heard));
      });
}

/// What a reply says is looked at only once every replica has what it tells of, when that is
/// promised; until then it is as if the call were still on its way. `write`: a call that writes,
/// for the wait to wait for, when `words` does not.
template <class Said>
void Store::Impl::confirmed(const std::vector<std::string>& words,
                            const std::vector<std::string>& write,
                            std::move_only_function<Said(const redisReply&)> read,
                            std::move_only_function<void(Result<Said>)> then) {
  if (options.durability != Promise::replica) {
    return connection.call(words, [read = std::move(read), then = std::move(then)](
                                      Result<const redisReply*> reply) mutable {
      if (!reply) return then(std::unexpected(reply.error()));
      then(read(**reply));
    });
  }
  auto said = std::make_shared<std::optional<Said>>();
  connection.call(words, [said, read = std::move(read)](Result<const redisReply*> reply) mutable {
    if (reply) *said = read(**reply);
  });
  if (!write.empty()) connection.call(write, [](const auto&) {});
  const auto wanted = std::max<std::uint64_t>(1, replicas);
  connection.call(
      {"WAIT", std::to_string(wanted), std::to_string(kWaitPatience.count())},
      [this, said, wanted, then = std::move(then)](Result<const redisReply*> reply) mutable {
        if (!reply) return then(std::unexpected(reply.error()));
        if (number_of(**reply).value_or(0) >= static_cast<std::int64_t>(wanted)) {
          return then(std::move(**said));
        }
        const Fault fault{FaultKind::unknown, "A replica has not confirmed what was sold in time.",
                          "It is tried again; the same request with the same key finds "
                          "the truth."};
        then(std::unexpected(fault));
        connection.close({FaultKind::unavailable, fault.what, fault.remedy});
      });
}

void Store::Impl::received(Slot& slot, std::unique_ptr<Batch> batch, Heard heard) {
  if (heard.result) return complete(slot, std::move(batch), *std::move(heard.result));
  Fault fault = heard.result.error();
  const bool corrupt = fault.kind == FaultKind::corrupt;
  fault.kind = heard.refused ? FaultKind::unavailable : FaultKind::unknown;
  answer_fault(*batch, fault);
  if (corrupt) return fence(slot, fault.what);
  // Reads and the other sales' calls in flight need no new connection.
  if (heard.without_memory) return;
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
/// The epoch first: whoever is told of events may ask for it.
void Store::Impl::catch_up(Slot& slot) {
  slot.busy = true;
  if (slot.context.epoch.empty()) {
    connection.call(words_of_look(Library::built_in(), slot.context), [&slot](auto reply) {
      if (!reply) return;
      if (auto result = parse(**reply, Seq(), 0)) slot.context.epoch = std::move(result->epoch);
    });
  }
  const std::string from = slot.last ? std::to_string(slot.last->seq.value()) + "-0" : "-";
  using Page = std::vector<Result<sale::Event>>;
  slot.context.writes = true;
  confirmed<Page>(
      {"XRANGE", events_key(slot.id), from, "+", "COUNT", std::to_string(kPage)},
      words_of(Library::built_in(), slot.context, {}),
      [](const redisReply& reply) {
        Page page;
        for (const redisReply* entry : elements(reply)) page.push_back(decode_event(*entry));
        return page;
      },
      [this, &slot](Result<Page> page) {
        slot.busy = false;
        if (page) caught(slot, *page);
      });
}

void Store::Impl::caught(Slot& slot, const std::vector<Result<sale::Event>>& page) {
  std::vector<sale::Event> folded;
  for (const Result<sale::Event>& event : page) {
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
  slot.caught_up = page.size() < kPage;
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
  note(slot);
  const auto view = std::make_shared<const sale::SaleView>(slot.sale.view());
  views.set(view);
  for (store::EventListener* listener : listeners) listener->on_events(view, folded);
}

void Store::Impl::note(const Slot& slot) {
  if (slot.context.epoch.empty()) return;
  published.set(slot.id, slot.context.epoch, slot.context.known);
  const auto noted = seen->note(slot.id, {slot.context.epoch, slot.context.min_seq});
  if (!noted && !std::exchange(note_failed, true)) {
    warn(noted.error().what + " Nothing is sold until it can. " + noted.error().remedy);
  }
  if (noted) note_failed = false;
}

void Store::Impl::fence(Slot& slot, const std::string& why) {
  if (!slot.fenced.empty()) return;
  slot.fenced = why;
  published.fence(slot.id);
  ++fenced_sales;
  warn("sale " + slot.id.value() + " has stopped: " + why);
}

}  // namespace dibs::redis

#include <algorithm>
#include <ranges>
#include <utility>

#include "redis/batch.h"
#include "redis/fields.h"
#include "redis/names.h"
#include "redis/page.h"
#include "redis/store_impl.h"

/// The calls of one sale: one on its way at a time, with all that has come meanwhile in the next.
namespace dibs::redis {
namespace {

constexpr std::size_t kPage = 1000;  // events of one XRANGE
constexpr std::size_t kLooksPerCall = 4096;
/// After a reply that the same call may change by itself.
constexpr Duration kTryAgainAfter = std::chrono::milliseconds(100);
constexpr auto kWaitPatience = std::chrono::milliseconds(2000);

/// What was sent has been done; only what else has happened cannot be read.
Fault unread_events(const Result<const redisReply*>& reply) {
  Fault fault{FaultKind::unknown, "Redis does not give the events of this sale.",
              "Send it again with the same key."};
  if (!reply) fault.what = reply.error().what;
  return fault;
}

}  // namespace

/// What a call of a function was answered.
struct Store::Impl::Heard {
  Result<BatchResult> result;
  std::string refused;  ///< the error of a server that has changed nothing; empty: none
};

void Store::Impl::call(Slot& slot, const std::vector<std::string>& words, Then then) {
  if (slot.primary == nullptr) return then(std::unexpected(why_not));
  slot.primary->connection.call(words, std::move(then));
}

Store::Impl::Heard Store::Impl::hear(const redisReply& reply, Seq known, std::size_t commands) {
  Heard heard{.result = parse(reply, known, commands), .refused = {}};
  if (reply.type == REDIS_REPLY_ERROR) heard.refused.assign(reply.str, reply.len);
  return heard;
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
  route(*slot);
  return *slot;
}

void Store::Impl::send(Slot& slot) {
  if (slot.primary == nullptr || !slot.primary->serving) return;
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
  if (!slot.fenced.empty()) {
    if (!compare_again(slot, *batch)) answer_fenced(slot, *batch);
    return;
  }
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
      slot, words, {},
      [known = slot.context.known, count](const redisReply& r) { return hear(r, known, count); },
      [this, &slot, from = slot.primary, batch = std::move(batch)](Result<Heard> heard) mutable {
        slot.busy = false;
        if (!heard) return answer_fault(*batch, heard.error());
        received(slot, *from, std::move(batch), *std::move(heard));
      });
}

/// What a reply says is looked at only once every replica has what it tells of, when that is
/// promised; until then it is as if the call were still on its way. `write`: a call that writes,
/// for the wait to wait for, when `words` does not.
template <class Said>
void Store::Impl::confirmed(Slot& slot, const std::vector<std::string>& words,
                            const std::vector<std::string>& write,
                            std::move_only_function<Said(const redisReply&)> read,
                            std::move_only_function<void(Result<Said>)> then) {
  if (options.durability != Promise::replica) {
    return call(
        slot, words,
        [read = std::move(read), then = std::move(then)](Result<const redisReply*> reply) mutable {
          if (!reply) return then(std::unexpected(reply.error()));
          then(read(**reply));
        });
  }
  Primary& primary = *slot.primary;
  struct Held {
    std::optional<Said> said;
    bool refused = false;  ///< nothing has changed: there is nothing to wait for
  };
  auto held = std::make_shared<Held>();
  call(slot, words, [held, read = std::move(read)](Result<const redisReply*> reply) mutable {
    if (!reply) return;
    held->said = read(**reply);
    held->refused = (*reply)->type == REDIS_REPLY_ERROR;
  });
  if (!write.empty()) call(slot, write, [](const auto&) {});
  const auto wanted = std::max<std::uint64_t>(1, primary.connected_replicas);
  call(slot, {"WAIT", std::to_string(wanted), std::to_string(kWaitPatience.count())},
       [&primary, held, wanted, then = std::move(then)](Result<const redisReply*> reply) mutable {
         if (!reply) return then(std::unexpected(reply.error()));
         const auto have = number_of(**reply).value_or(0);
         if (held->refused || have >= static_cast<std::int64_t>(wanted)) {
           return then(std::move(*held->said));
         }
         const Fault fault{FaultKind::unknown, "A replica has not confirmed what was sold in time.",
                           "It is tried again; the same request with the same key finds "
                           "the truth."};
         then(std::unexpected(fault));
         primary.connection.close({FaultKind::unavailable, fault.what, fault.remedy});
       });
}

void Store::Impl::received(Slot& slot, Primary& from, std::unique_ptr<Batch> batch, Heard heard) {
  if (heard.result) return complete(slot, std::move(batch), *std::move(heard.result));
  if (!heard.refused.empty()) {
    return refused(slot, from, *batch, heard.refused, heard.result.error());
  }
  Fault fault = heard.result.error();
  const bool corrupt = fault.kind == FaultKind::corrupt;
  fault.kind = FaultKind::unknown;
  answer_fault(*batch, fault);
  if (corrupt) return fence(slot, fault.what);
  from.connection.close(fault);
}

void Store::Impl::refused(Slot& slot, Primary& from, Batch& batch, const std::string& text,
                          const Fault& parsed) {
  const auto begins = [&text](const char* word) { return text.starts_with(word); };
  if (begins("MOVED ") || begins("ASK ") || begins("TRYAGAIN")) {
    ask_for_new_map(from);
    return redirected(slot, batch, text);
  }
  Fault fault = parsed;
  fault.kind = FaultKind::unavailable;
  answer_fault(batch, fault);
  if (parsed.kind == FaultKind::corrupt) return fence(slot, fault.what);
  // Redis is short of memory, or another part of the cluster is gone: reads and the other sales'
  // calls in flight need no new connection.
  if (begins("OOM")) return;
  if (begins("CLUSTERDOWN")) {
    slot.not_before = monotonic_now() + kTryAgainAfter;
    return;
  }
  // The functions may be gone, or the settings changed: everything from the beginning.
  from.connection.close(fault);
}

/// The sale's hash slot is somewhere else, or on its way there. ASK is not followed: the importing
/// node answers TRYAGAIN to a call of nine keys until it has all of them.
void Store::Impl::redirected(Slot& slot, Batch& batch, const std::string& text) {
  if (sells(slot)) {
    fence_moved(slot, "since its hash slot moves: " + text);
    return answer_fenced(slot, batch);
  }
  slot.not_before = monotonic_now() + kTryAgainAfter;
  for (auto& request : std::views::reverse(batch.requests)) {
    if (std::exchange(request->redirected, true)) {
      request->refuse({FaultKind::unavailable, "The hash slot of this sale is being moved: " + text,
                       "Send it again in a moment."});
    } else {
      slot.queue.push_front(std::move(request));
    }
  }
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
    return call(
        slot, words,
        [this, &slot, batch = std::move(batch), result = std::move(result)](auto reply) mutable {
          slot.busy = false;
          if (!reply || (*reply)->type == REDIS_REPLY_ERROR) {
            slot.caught_up = false;
            return answer_fault(*batch, unread_events(reply));
          }
          std::vector<sale::Event> folded;
          for (const redisReply* entry : elements(**reply)) {
            const auto event = decode_event(*entry);
            if (event && event->seq > slot.context.known.next()) {
              // Cut meanwhile: catching up finds the snapshot. What was sent has been done.
              publish(slot, folded);
              slot.caught_up = false;
              return answer_fault(*batch, unread_events(reply));
            }
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

/// Reads the events behind those known; the last known one too, to see that it is still the same.
/// The epoch first: whoever is told of events may ask for it.
void Store::Impl::catch_up(Slot& slot) {
  slot.busy = true;
  if (slot.context.epoch.empty()) {
    call(slot, words_of_look(Library::built_in(), slot.context), [&slot](auto reply) {
      if (!reply) return;
      if (auto result = parse(**reply, Seq(), 0)) slot.context.epoch = std::move(result->epoch);
    });
  }
  const std::string from = slot.last ? std::to_string(slot.last->seq.value()) + "-0" : "-";
  slot.context.writes = true;
  confirmed<Page>(
      slot, {"XRANGE", events_key(slot.id), from, "+", "COUNT", std::to_string(kPage)},
      words_of(Library::built_in(), slot.context, {}),
      [](const redisReply& reply) {
        Page page;
        for (const redisReply* entry : elements(reply)) page.events.push_back(decode_event(*entry));
        if (reply.type == REDIS_REPLY_ERROR) page.refused.assign(reply.str, reply.len);
        return page;
      },
      [this, &slot, primary = slot.primary](Result<Page> page) {
        slot.busy = false;
        if (page) caught(slot, *primary, *page);
      });
}

void Store::Impl::caught(Slot& slot, Primary& from, const Page& page) {
  if (!page.refused.empty()) {
    Batch batch;
    batch.requests.assign(std::make_move_iterator(slot.queue.begin()),
                          std::make_move_iterator(slot.queue.end()));
    slot.queue.clear();
    return refused(slot, from, batch, page.refused,
                   {FaultKind::unavailable, "Redis refuses XRANGE: " + page.refused,
                    "Let this user call it."});
  }
  if (begins_late(slot, page)) return read_snapshot_of(slot);
  std::vector<sale::Event> folded;
  for (const Result<sale::Event>& event : page.events) {
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
  slot.caught_up = page.events.size() < kPage;
  slot.wants_step = true;
  send(slot);
}

}  // namespace dibs::redis

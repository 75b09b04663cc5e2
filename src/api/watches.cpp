#include "api/broadcaster.h"
#include "api/core.h"
#include "api/order_answer.h"

// The part of the broadcaster that looks after single orders. All of it runs on the worker.
namespace dibs::api {

void Broadcaster::wait_for_order(std::shared_ptr<Watch> watch, Duration patience, Stamp stamp) {
  core_.worker.soon([this, watch = std::move(watch), patience, stamp] {
    core_.metrics.long_polls(1);
    const auto until = core_.clock.monotonic() + patience;
    core_.worker.at(until, [this, weak = std::weak_ptr(watch)] {
      if (const auto still = weak.lock()) expire(still);
    });
    watch->last_chance = core_.stopping;
    begin(watch, stamp);
  });
}

void Broadcaster::follow_order(std::shared_ptr<Watch> watch, Stamp stamp) {
  core_.worker.soon([this, watch = std::move(watch), stamp] { begin(watch, stamp); });
}

/// Listens first and reads then, so that nothing is missed between.
void Broadcaster::begin(const WatchPointer& watch, Stamp stamp) {
  const auto hub = hub_of(watch->order.sale);
  if (!hub) return refuse(watch, problem(sale::Code::unknown_order));
  watch->hub = hub;
  ++hub->watchers;
  hub->watches[watch->order.key].push_back(watch);
  ask(watch, stamp);
}

void Broadcaster::ask(const WatchPointer& watch, std::optional<Stamp> stamp) {
  if (watch->done) return;
  if (watch->asking) {
    watch->ask_again = true;
    return;
  }
  watch->asking = true;
  const Stamp when = stamp ? *stamp : core_.stamp();
  if (asks_ == kAsksMax) {
    waiting_asks_.emplace_back(watch, when);
    return;
  }
  ++asks_;
  core_.store.find_order(when, watch->order,
                         [this, watch](Result<std::optional<sale::OrderView>> result) mutable {
                           core_.worker.soon([this, watch, result = std::move(result)]() mutable {
                             told(watch, std::move(result));
                           });
                         });
}

void Broadcaster::told(const WatchPointer& watch, Result<std::optional<sale::OrderView>> result) {
  --asks_;
  watch->asking = false;
  while (!waiting_asks_.empty() && asks_ < kAsksMax) {
    const auto [next, stamp] = std::move(waiting_asks_.front());
    waiting_asks_.pop_front();
    next->asking = false;
    ask(next, stamp);
  }
  if (watch->done) return;
  if (!result) return refuse(watch, problem_of(result.error(), false));
  auto& order = *result;
  if (!order || (!watch->owner.empty() && order->buyer != watch->owner)) {
    return refuse(watch, problem(sale::Code::unknown_order));
  }
  const bool first = !watch->latest;
  const bool changed = first || etag_of(*watch->latest) != etag_of(*order);
  watch->latest = std::move(order);
  if (watch->streams) {
    told_stream(watch, first, changed);
  } else {
    told_poll(watch);
  }
  if (std::exchange(watch->ask_again, false)) ask(watch);
}

void Broadcaster::told_poll(const WatchPointer& watch) {
  const std::string etag = etag_of(*watch->latest);
  if (!watch->known) watch->known = etag;
  if (watch->last_chance || etag != *watch->known) answer_poll(watch);
}

void Broadcaster::told_stream(const WatchPointer& watch, bool first, bool changed) {
  const auto hub = watch->hub.lock();
  if (first) {
    if (core_.stopping || hub->over) return refuse(watch, problem(sale::Code::unavailable));
    watch->stream = watch->answer->stream();
    watch->answer.reset();
    core_.metrics.streams(1);
    hub->streams.push_back(watch->stream);
    for (const auto& event : hub->feed.since(watch->resume, core_.clock.now())) {
      if (watch->stream->send(event)) core_.metrics.streamed(1);
    }
  }
  if (!changed) return;
  const std::string id =
      to_text(hub->feed.last()) + "+" + std::to_string(watch->latest->seq.value());
  const auto event = sse_event("order", id, order_json(core_, *watch->latest));
  if (!watch->stream->send(event)) return finish(watch);
  core_.metrics.streamed(1);
}

/// Time is up. Its position may have moved since it was last read, so it is read once more; when
/// the server ends, what is known must do.
void Broadcaster::expire(const WatchPointer& watch) {
  if (watch->done) return;
  watch->last_chance = true;
  if (core_.stopping && watch->latest) return answer_poll(watch);
  ask(watch);
}

void Broadcaster::answer_poll(const WatchPointer& watch) {
  answer_order(core_, *watch->answer, 200, *watch->latest);
  watch->answer.reset();
  finish(watch);
}

void Broadcaster::refuse(const WatchPointer& watch, const Problem& problem) {
  if (watch->answer) watch->answer->refuse(problem);
  watch->answer.reset();
  finish(watch);
}

void Broadcaster::finish(const WatchPointer& watch) {
  if (std::exchange(watch->done, true)) return;
  if (!watch->streams) core_.metrics.long_polls(-1);
  const auto hub = watch->hub.lock();
  if (!hub) return;
  const auto found = hub->watches.find(watch->order.key);
  if (found == hub->watches.end()) return;
  hub->watchers -= static_cast<std::uint32_t>(std::erase(found->second, watch));
  if (found->second.empty()) hub->watches.erase(found);
  if (!watch->stream) return;
  core_.metrics.streams(-static_cast<std::int64_t>(std::erase(hub->streams, watch->stream)));
  watch->stream.reset();
}

}  // namespace dibs::api

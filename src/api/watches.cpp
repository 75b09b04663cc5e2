#include "api/broadcaster.h"
#include "api/core.h"
#include "api/no_room.h"
#include "api/order_answer.h"

// The part of the broadcaster that looks after single orders. All of it runs on the worker.
namespace dibs::api {

void Broadcaster::wait_for_order(std::shared_ptr<Watch> watch, Duration patience) {
  core_.worker.soon([this, watch = std::move(watch), patience] {
    core_.metrics.long_polls(1);
    const auto until = core_.clock.monotonic() + patience;
    core_.worker.at(until, [this, weak = std::weak_ptr(watch)] {
      if (const auto still = weak.lock()) expire(still);
    });
    watch->last_chance = core_.stopping;
    begin(watch);
  });
}

void Broadcaster::follow_order(std::shared_ptr<Watch> watch) {
  core_.worker.soon([this, watch = std::move(watch)] { begin(watch); });
}

/// Listens first and reads then, so that nothing is missed between.
void Broadcaster::begin(const WatchPointer& watch) {
  const auto hub = hub_of(watch->order.sale);
  if (!hub) return refuse(watch, problem(sale::Code::unknown_order));
  watch->hub = hub;
  ++hub->watchers;
  hub->watches[watch->order.key].push_back(watch);
  ask(watch);
}

/// Reads the order again. At a time of ours, not at that of the request: by now the store has
/// numbered what its loop read later, and would have to count this one as late.
void Broadcaster::ask(const WatchPointer& watch) {
  if (watch->done) return;
  if (watch->asking) {
    watch->ask_again = true;
    return;
  }
  watch->asking = true;
  if (asks_ == kAsksMax) {
    waiting_asks_.push_back(watch);
    return;
  }
  ++asks_;
  core_.store.find_order(core_.stamp(), watch->order,
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
    const auto next = std::move(waiting_asks_.front());
    waiting_asks_.pop_front();
    next->asking = false;
    ask(next);
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
    watch->follower ? told_stream(watch, changed) : begin_stream(watch);
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

/// The order comes last: the figures it is to be seen beside come before it.
void Broadcaster::begin_stream(const WatchPointer& watch) {
  const auto hub = watch->hub.lock();
  if (core_.stopping || hub->over) return refuse(watch, problem(sale::Code::unavailable));
  if (!has_room()) {
    return refuse(watch, too_many_streams("/v1/orders/" + to_text(watch->order)));
  }
  watch->follower =
      follow(*hub, *watch->answer, watch->resume, order_event(hub->feed.last(), *watch));
  watch->answer.reset();
}

/// What is on its way to all goes along to one whose turn has not come, in one piece: when a line
/// ends, everybody's own order has changed, too.
void Broadcaster::told_stream(const WatchPointer& watch, bool changed) {
  Follower& follower = *watch->follower;
  if (!follower.stream) return finish(watch);
  if (!changed) return;
  std::vector<Buffer> events;
  const Broadcast& now = watch->hub.lock()->broadcast;
  if (now.bytes && now.upto && follower.told != *now.upto) {
    events.push_back(now.bytes);
    follower.told = *now.upto;
    core_.metrics.streamed(now.events);
  }
  events.push_back(order_event(follower.told, *watch));
  if (!follower.stream->send(packed(events))) finish(watch);
}

/// `told`: where its stream stands among the events of the sale, so that it can be resumed there.
Buffer Broadcaster::order_event(const StreamId& told, const Watch& watch) {
  core_.metrics.serialised(1);
  core_.metrics.streamed(1);
  const std::string id = to_text(told) + "+" + std::to_string(watch.latest->seq.value());
  return sse_event("order", id, order_json(core_, *watch.latest));
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
  if (!watch->follower || !watch->follower->stream) return;
  watch->follower->stream.reset();  // the follower goes before the next broadcast
  core_.metrics.streams(-1);
}

}  // namespace dibs::api

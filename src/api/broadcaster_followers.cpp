// Who follows a sale, and how what is told to all of them leaves. All of it runs on the worker.
#include <algorithm>

#include "api/broadcaster.h"
#include "api/core.h"

namespace dibs::api {

/// Begins to send; only when nothing else is being sent. Where a line has ended and thousands of
/// orders are being read again, those are given the start: each takes this along in one piece.
void Broadcaster::broadcast(const HubPointer& hub, Broadcast what) {
  if (!what.bytes) return;
  drop_gone(*hub);
  hub->broadcast = std::move(what);
  const Duration now = core_.clock.monotonic();
  hub->broadcast.last_slice = now - kSliceEvery;
  if (asks_ + waiting_asks_.size() < kAsksMax) return send_slice(hub);
  constexpr Duration kStart = std::chrono::milliseconds(100);
  hub->broadcast.last_slice += kStart;
  core_.worker.at(now + kStart, [this, hub] { send_slice(hub); });
}

/// Sends to some, and goes on when half of that has left: what a loop has not sent yet it still
/// refers to. A loop that gets little of its core is thus never given more than it can do, and what
/// concerns one order stands behind a slice, not behind all. Who comes late makes up for it, within
/// bounds; for clients that do not read nobody waits longer than kPatience.
void Broadcaster::send_slice(const HubPointer& hub) {
  constexpr Duration kPatience = std::chrono::milliseconds(50);
  Broadcast& now = hub->broadcast;
  const Duration began = core_.clock.monotonic();
  const Duration since = began - std::exchange(now.last_slice, began);
  const auto slices = std::clamp<std::int64_t>(since / kSliceEvery, 1, kSlicesAtOnce);
  const std::size_t most = kSendsPerSlice * static_cast<std::size_t>(slices);
  const auto unsent_before = now.bytes.use_count();
  std::size_t sent = 0;
  for (; now.next < hub->followers.size() && sent < most; ++now.next) {
    Follower& follower = *hub->followers[now.next];
    if (!follower.stream || (now.upto && follower.told == *now.upto)) continue;
    if (now.upto) follower.told = *now.upto;
    if (follower.stream->send(now.bytes)) ++sent;
  }
  core_.metrics.streamed(sent * now.events);

  struct GoOn {
    Broadcaster* self;
    HubPointer hub;
    std::int64_t unsent_most;
    Duration until;

    void operator()() const {
      const Duration time = self->core_.clock.monotonic();
      if (hub->broadcast.bytes.use_count() > unsent_most && time < until) {
        return self->core_.worker.at(time + kSliceEvery, GoOn(*this));
      }
      if (hub->broadcast.next < hub->followers.size()) return self->send_slice(hub);
      hub->broadcast = {};
      self->plan_publish(hub);
    }
  };
  GoOn go_on{this, hub, unsent_before + static_cast<std::int64_t>(sent / 2), began + kPatience};
  if (now.next == hub->followers.size() && sent <= kSendsPerSlice / 2) return go_on();
  core_.worker.at(began + kSliceEvery, std::move(go_on));
}

/// Lets go of the streams whose clients have gone.
void Broadcaster::look_for_gone(const HubPointer& hub) {
  std::vector<WatchPointer> gone;
  for (const auto& [key, watches] : hub->watches) {
    for (const auto& watch : watches) {
      const bool begun = watch->follower != nullptr;
      if (begun && (!watch->follower->stream || !watch->follower->stream->open())) {
        gone.push_back(watch);
      }
    }
  }
  for (const auto& watch : gone) finish(watch);
  drop_gone(*hub);
}

/// Only their streams while a broadcast is on, which counts its way through the followers.
void Broadcaster::drop_gone(Hub& hub) {
  std::int64_t gone = 0;
  for (const auto& follower : hub.followers) {
    if (!follower->stream || follower->stream->open()) continue;
    follower->stream.reset();
    ++gone;
  }
  core_.metrics.streams(-gone);
  if (hub.broadcast.bytes) return;
  std::erase_if(hub.followers, [](const auto& follower) { return !follower->stream; });
}

bool Broadcaster::full() const {
  return core_.metrics.listening() >= static_cast<std::int64_t>(core_.options.listeners_max);
}

/// Whether one more may listen. Those who have gone and were not missed yet, as when a network
/// breaks and everybody comes back, are looked for first, at most every kLookEvery.
bool Broadcaster::has_room() {
  constexpr Duration kLookEvery = std::chrono::milliseconds(50);  // takes a millisecond or less
  if (!full()) return true;
  if (core_.clock.monotonic() >= next_look_for_gone_) {
    next_look_for_gone_ = core_.clock.monotonic() + kLookEvery;
    std::vector<HubPointer> hubs;
    {
      const std::lock_guard lock(hubs_mutex_);
      for (const auto& [sale, hub] : hubs_) hubs.push_back(hub);
    }
    for (const auto& hub : hubs) look_for_gone(hub);
  }
  if (!full()) return true;
  core_.metrics.stream_refused();
  return false;
}

/// Begins a stream with what it missed of the sale and `then`, if anything, in one piece.
std::shared_ptr<Follower> Broadcaster::follow(Hub& hub, Answer& answer,
                                              std::optional<StreamId> resume, const Buffer& then) {
  auto follower = std::make_shared<Follower>(answer.stream(), hub.feed.last());
  core_.metrics.streams(1);
  hub.followers.push_back(follower);
  const auto before = hub.feed.serialised();
  auto events = hub.feed.since(resume, core_.clock.now());
  core_.metrics.serialised(hub.feed.serialised() - before);
  core_.metrics.streamed(events.size());
  if (then) events.push_back(then);
  follower->stream->send(packed(events, sse_retry(++streams_begun_)));
  return follower;
}

}  // namespace dibs::api

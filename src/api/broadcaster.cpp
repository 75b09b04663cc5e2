#include "api/broadcaster.h"

#include <algorithm>

#include "api/core.h"
#include "api/no_room.h"

namespace dibs::api {
namespace {

/// Facts of the sale that change orders without naming them.
bool concerns_many(const sale::Event& event) {
  return std::holds_alternative<sale::LineEnded>(event.fact) ||
         std::holds_alternative<sale::Resumed>(event.fact) ||
         std::holds_alternative<sale::Closed>(event.fact);
}

bool is_removal(const sale::Event& event) {
  return std::holds_alternative<sale::Removed>(event.fact) ||
         std::holds_alternative<sale::Archived>(event.fact);
}

bool anything_to_tell(const Hub& hub) { return hub.newest->seq > hub.feed.view_pointer()->seq; }

void note(Inbox& inbox, std::span<const sale::Event> events) {
  for (const auto& event : events) {
    if (const auto order = sale::order_of(event)) inbox.touched.push_back(order->key);
    inbox.everyone |= concerns_many(event);
  }
}

}  // namespace

void Broadcaster::on_events(const std::shared_ptr<const sale::SaleView>& view,
                            std::span<const sale::Event> events) noexcept {
  if (std::ranges::any_of(events, is_removal)) core_.tallies.forget(view->id);
  const auto hub = find_hub(view->id);
  if (!hub) return;
  {
    const std::lock_guard lock(hub->inbox_mutex);
    hub->inbox.view = view;
    if (hub->watchers > 0) note(hub->inbox, events);
    hub->inbox.removed |= std::ranges::any_of(events, is_removal);
    if (hub->inbox.scheduled) return;
    hub->inbox.scheduled = true;
  }
  core_.worker.soon([this, hub] { open_inbox(hub); });
}

Broadcaster::HubPointer Broadcaster::find_hub(const SaleId& sale) {
  const std::lock_guard lock(hubs_mutex_);
  const auto found = hubs_.find(sale);
  return found == hubs_.end() ? nullptr : found->second;
}

/// The hub is in the table before its first view is looked at: what commits between the look and
/// the table would be missed the other way round.
Broadcaster::HubPointer Broadcaster::hub_of(const SaleId& sale) {
  auto view = core_.store.glance(sale);
  if (!view) return nullptr;
  if (auto hub = find_hub(sale)) return hub;
  auto hub = std::make_shared<Hub>(sale, std::move(view));
  {
    const std::lock_guard lock(hubs_mutex_);
    hubs_[sale] = hub;
  }
  hub->newest = core_.store.glance(sale);
  if (!hub->newest) hub->newest = hub->feed.view_pointer();
  static_cast<void>(hub->feed.advance(hub->newest, core_.clock.now()));
  core_.worker.at(core_.clock.monotonic() + kCommentEvery, [this, hub] { comment(hub); });
  return hub;
}

void Broadcaster::open_inbox(const HubPointer& hub) {
  Inbox inbox;
  {
    const std::lock_guard lock(hub->inbox_mutex);
    std::swap(inbox, hub->inbox);
  }
  if (inbox.removed) return forget(hub);
  if (inbox.view && inbox.view->seq > hub->newest->seq) hub->newest = std::move(inbox.view);
  std::vector<WatchPointer> concerned;
  if (inbox.everyone) {
    for (const auto& [key, watches] : hub->watches) {
      concerned.insert(concerned.end(), watches.begin(), watches.end());
    }
  } else {
    for (const auto& key : inbox.touched) {
      const auto found = hub->watches.find(key);
      if (found == hub->watches.end()) continue;
      concerned.insert(concerned.end(), found->second.begin(), found->second.end());
    }
  }
  for (const auto& watch : concerned) ask(watch);
  plan_publish(hub);
}

void Broadcaster::plan_publish(const HubPointer& hub) {
  if (hub->broadcast.bytes || !anything_to_tell(*hub)) return;  // or planned when all have heard
  if (core_.clock.monotonic() >= hub->next_publish) return publish(hub);
  if (std::exchange(hub->publish_planned, true)) return;
  core_.worker.at(hub->next_publish, [this, hub] { publish(hub); });
}

void Broadcaster::publish(const HubPointer& hub) {
  hub->publish_planned = false;
  if (hub->broadcast.bytes || !anything_to_tell(*hub)) return;
  hub->next_publish = core_.clock.monotonic() + kPublishEvery;
  const auto change = hub->feed.advance(hub->newest, core_.clock.now());
  core_.metrics.serialised(change.events.size());
  broadcast(hub, {packed(change.events), change.events.size(), hub->feed.last()});
  // One who leaves the middle of a line and one who joins its end change no figure of the line.
  if (change.line_moved || hub->newest->waiting > 0) plan_line_refresh(hub);
}

void Broadcaster::plan_line_refresh(const HubPointer& hub) {
  if (hub->watchers == 0 || std::exchange(hub->line_refresh_planned, true)) return;
  core_.worker.at(hub->next_line_refresh, [this, hub] { refresh_line(hub); });
}

/// Positions may have moved: those who listen for their order hear the new one. What moves while
/// a round is on is told by the rest of it, and to those it has passed by the next round.
void Broadcaster::refresh_line(const HubPointer& hub) {
  hub->line_refresh_planned = false;
  hub->next_line_refresh = core_.clock.monotonic() + kLineEvery;
  if (hub->line_round.empty()) plan_round(hub);
  for (std::size_t i = 0; i < kPositionsPerRefresh && !hub->line_round.empty(); ++i) {
    const auto watch = hub->line_round.front().lock();
    hub->line_round.pop_front();
    if (watch) ask(watch);
  }
  if (!hub->line_round.empty()) plan_line_refresh(hub);
}

/// All whose positions may have moved, those nearest to the head first.
void Broadcaster::plan_round(const HubPointer& hub) {
  std::vector<WatchPointer> waiting;
  for (const auto& [key, watches] : hub->watches) {
    for (const auto& watch : watches) {
      if (watch->latest && watch->latest->position) waiting.push_back(watch);
    }
  }
  std::ranges::sort(waiting, {}, [](const auto& watch) { return *watch->latest->position; });
  hub->line_round.assign(waiting.begin(), waiting.end());
}

void Broadcaster::send_live(Hub& hub, const Buffer& bytes, std::size_t events) {
  const auto gone =
      std::erase_if(hub.live, [&](const auto& stream) { return !stream->send(bytes); });
  core_.metrics.streams(-static_cast<std::int64_t>(gone));
  core_.metrics.streamed(hub.live.size() * events);
}

/// Keeps silent connections alive, and finds those whose client has gone.
void Broadcaster::comment(const HubPointer& hub) {
  if (hub->over) return;
  look_for_gone(hub);
  send_live(*hub, sse_comment(), 0);
  // While something is being told nobody needs to be kept awake.
  if (!hub->broadcast.bytes) broadcast(hub, {sse_comment(), 0, std::nullopt});
  core_.worker.at(core_.clock.monotonic() + kCommentEvery, [this, hub] { comment(hub); });
}

void Broadcaster::follow_sale(SaleId sale, Answer answer, std::optional<StreamId> resume) {
  core_.worker.soon([this, sale = std::move(sale), answer = std::move(answer), resume]() mutable {
    const auto hub = hub_of(sale);
    if (!hub) return answer.refuse(problem(sale::Code::unknown_sale));
    if (core_.stopping) return answer.refuse(problem(sale::Code::unavailable));
    if (!has_room()) return answer.refuse(too_many_streams("/v1/sales/" + sale.value()));
    follow(*hub, answer, resume, nullptr);
  });
}

void Broadcaster::stop() {
  core_.worker.soon([this] { end_all(); });
}

/// Ends everything that listens to this sale.
void Broadcaster::end(const HubPointer& hub) {
  std::int64_t ended = static_cast<std::int64_t>(hub->live.size());
  for (const auto& follower : hub->followers)
    ended += std::exchange(follower->stream, nullptr) ? 1 : 0;
  core_.metrics.streams(-ended);
  hub->live.clear();
  std::vector<WatchPointer> all;
  for (const auto& [key, watches] : hub->watches) {
    all.insert(all.end(), watches.begin(), watches.end());
  }
  for (const auto& watch : all) watch->streams ? finish(watch) : expire(watch);
}

void Broadcaster::forget(const HubPointer& hub) {
  {
    const std::lock_guard lock(hubs_mutex_);
    hubs_.erase(hub->sale);
  }
  hub->over = true;
  end(hub);
}

void Broadcaster::end_all() {
  std::vector<HubPointer> hubs;
  {
    const std::lock_guard lock(hubs_mutex_);
    for (const auto& [sale, hub] : hubs_) hubs.push_back(hub);
  }
  for (const auto& hub : hubs) end(hub);
}

}  // namespace dibs::api

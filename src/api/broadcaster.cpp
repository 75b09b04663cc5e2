#include "api/broadcaster.h"

#include <algorithm>
#include <array>

#include "api/core.h"

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
  if (core_.clock.monotonic() >= hub->next_publish) return publish(hub);
  if (std::exchange(hub->publish_planned, true)) return;
  core_.worker.at(hub->next_publish, [this, hub] { publish(hub); });
}

void Broadcaster::publish(const HubPointer& hub) {
  hub->publish_planned = false;
  hub->next_publish = core_.clock.monotonic() + kPublishEvery;
  const auto change = hub->feed.advance(hub->newest, core_.clock.now());
  send_to(hub->streams, change.events);
  // One who leaves the middle of a line and one who joins its end change no figure of the line.
  if (change.line_moved || hub->newest->waiting > 0) plan_line_refresh(hub);
}

void Broadcaster::plan_line_refresh(const HubPointer& hub) {
  if (hub->watchers == 0 || std::exchange(hub->line_refresh_planned, true)) return;
  core_.worker.at(hub->next_line_refresh, [this, hub] { refresh_line(hub); });
}

/// Positions may have moved: those who listen for their order hear the new one.
void Broadcaster::refresh_line(const HubPointer& hub) {
  hub->line_refresh_planned = false;
  hub->next_line_refresh = core_.clock.monotonic() + kLineEvery;
  std::vector<WatchPointer> concerned;
  for (const auto& [key, watches] : hub->watches) {
    for (const auto& watch : watches) {
      if (watch->latest && watch->latest->position) concerned.push_back(watch);
    }
  }
  for (const auto& watch : concerned) ask(watch);
}

void Broadcaster::send_to(std::vector<std::shared_ptr<Stream>>& streams,
                          std::span<const Buffer> events) {
  if (events.empty()) return;
  const auto gone = std::erase_if(streams, [&](const std::shared_ptr<Stream>& stream) {
    for (const auto& event : events) {
      if (!stream->send(event)) return true;
    }
    return false;
  });
  core_.metrics.streams(-static_cast<std::int64_t>(gone));
  core_.metrics.streamed(streams.size() * events.size());
}

/// Keeps silent connections alive, and finds those whose client has gone.
void Broadcaster::comment(const HubPointer& hub) {
  if (hub->over) return;
  const std::array line = {sse_comment()};
  send_to(hub->streams, line);
  send_to(hub->live, line);
  std::vector<WatchPointer> gone;
  for (const auto& [key, watches] : hub->watches) {
    for (const auto& watch : watches) {
      if (watch->stream && !watch->stream->open()) gone.push_back(watch);
    }
  }
  for (const auto& watch : gone) finish(watch);
  core_.worker.at(core_.clock.monotonic() + kCommentEvery, [this, hub] { comment(hub); });
}

void Broadcaster::follow_sale(SaleId sale, Answer answer, std::optional<StreamId> resume) {
  core_.worker.soon([this, sale = std::move(sale), answer = std::move(answer), resume]() mutable {
    const auto hub = hub_of(sale);
    if (!hub) return answer.refuse(problem(sale::Code::unknown_sale));
    if (core_.stopping) return answer.refuse(problem(sale::Code::unavailable));
    auto stream = answer.stream();
    core_.metrics.streams(1);
    hub->streams.push_back(stream);
    for (const auto& event : hub->feed.since(resume, core_.clock.now())) {
      if (stream->send(event)) core_.metrics.streamed(1);
    }
  });
}

void Broadcaster::stop() {
  core_.worker.soon([this] { end_all(); });
}

/// Ends everything that listens to this sale.
void Broadcaster::end(const HubPointer& hub) {
  std::vector<WatchPointer> all;
  for (const auto& [key, watches] : hub->watches) {
    all.insert(all.end(), watches.begin(), watches.end());
  }
  for (const auto& watch : all) watch->streams ? finish(watch) : expire(watch);
  core_.metrics.streams(-static_cast<std::int64_t>(hub->streams.size() + hub->live.size()));
  hub->streams.clear();
  hub->live.clear();
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

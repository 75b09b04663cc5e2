// What consoles are told, once a second: the figures of the server are taken once for all sales,
// those of a sale are serialised once for all who look at it.
#include <algorithm>
#include <array>
#include <numeric>

#include "api/broadcaster.h"
#include "api/core.h"
#include "api/views.h"

namespace dibs::api {
namespace {

void write_oldest_hold(JsonWriter& json, const sale::SaleView& view, Instant now) {
  json.key("oldest_hold");
  if (!view.oldest_hold) {
    json.null();
    return;
  }
  const auto rest = std::chrono::floor<std::chrono::milliseconds>(*view.oldest_hold - now);
  json.begin_object().member("expires_at", to_rfc3339(*view.oldest_hold));
  json.member("ends_in_ms", rest.count()).end_object();
}

void write_buys(JsonWriter& json, const LiveFigures& figures,
                const SaleTallies::Refusals& refusals) {
  json.key("buys").begin_object();
  json.member("accepted", figures.accepted).member("refused", figures.refused);
  json.decimal("accepted_per_second", figures.accepted_per_second);
  json.decimal("refused_per_second", figures.refused_per_second);
  json.key("refusals").begin_object();
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    if (refusals.at(i) > 0) json.member(sale::kCodes.at(i).name, refusals.at(i));
  }
  json.end_object().end_object();
}

/// Null for a sale without notify.
void write_notices(JsonWriter& json, const Core& core, const SaleId& sale) {
  json.key("notices");
  const auto& source = core.options.notices.of_sale;
  const auto progress = source ? source(sale) : std::nullopt;
  if (!progress) {
    json.null();
    return;
  }
  const auto behind = std::chrono::floor<std::chrono::milliseconds>(progress->behind_for);
  json.begin_object().member("delivered", progress->delivered.value());
  json.member("behind_events", progress->behind).member("behind_ms", behind.count());
  json.key("last_error");
  if (progress->last_error.empty()) {
    json.null();
  } else {
    json.text(progress->last_error);
  }
  json.end_object();
}

}  // namespace

/// What it has come to, and how fast since it was looked at before.
void Broadcaster::compare(Hub& hub) const {
  const LiveFigures before = hub.figures;
  const auto refusals = core_.tallies.refusals(hub.sale);
  hub.figures = {.at = core_.clock.monotonic(),
                 .accepted = hub.newest->orders,
                 .refused = std::accumulate(refusals.begin(), refusals.end(), std::uint64_t{0}),
                 .accepted_per_second = {},
                 .refused_per_second = {}};
  if (!before.at) return;
  const double seconds = std::chrono::duration<double>(*hub.figures.at - *before.at).count();
  const auto rate = [seconds](std::uint64_t now, std::uint64_t then) {
    return static_cast<double>(now - then) / seconds;
  };
  hub.figures.accepted_per_second = rate(hub.figures.accepted, before.accepted);
  hub.figures.refused_per_second = rate(hub.figures.refused, before.refused);
}

Buffer Broadcaster::live_event(Hub& hub) const {
  const Instant now = core_.clock.now();
  std::string data;
  JsonWriter json(data);
  json.begin_object().key("sale");
  write_sale(json, *hub.newest, {Viewer::staff, now, core_.store.durability().name});
  write_buys(json, hub.figures, core_.tallies.refusals(hub.sale));
  write_oldest_hold(json, *hub.newest, now);
  write_notices(json, core_, hub.sale);
  json.raw(pulse_.members()).end_object();
  return sse_event("live", std::to_string(++hub.live_number), data);
}

void Broadcaster::plan_beat(Duration when) {
  beating_ = true;
  core_.worker.at(when, [this, when] {
    beating_ = false;
    beat();
    if (live_hubs_.empty()) return;
    // Evenly, however long it took; but no beats are made up for.
    plan_beat(std::max(when, core_.clock.monotonic() - kLiveEvery) + kLiveEvery);
  });
}

void Broadcaster::beat() {
  std::erase_if(live_hubs_, [](const HubPointer& hub) { return hub->live.empty(); });
  if (live_hubs_.empty()) return;
  pulse_.beat(core_);
  for (const auto& hub : live_hubs_) {
    compare(*hub);
    hub->latest_live = live_event(*hub);
    send_live(*hub, hub->latest_live, 1);
  }
}

void Broadcaster::follow_live(SaleId sale, Answer answer) {
  core_.worker.soon([this, sale = std::move(sale), answer = std::move(answer)]() mutable {
    const auto hub = hub_of(sale);
    if (!hub) return answer.refuse(problem(sale::Code::unknown_sale));
    if (core_.stopping) return answer.refuse(problem(sale::Code::unavailable));
    if (!beating_) {
      pulse_.begin(core_);
      plan_beat(core_.clock.monotonic() + kLiveEvery);
    }
    if (std::ranges::find(live_hubs_, hub) == live_hubs_.end()) {
      live_hubs_.push_back(hub);
      hub->figures = {};
      compare(*hub);
      hub->latest_live = live_event(*hub);
    }
    auto stream = answer.stream();
    core_.metrics.streams(1);
    hub->live.push_back(stream);
    const std::array first = {hub->latest_live};
    if (stream->send(packed(first, sse_retry(++streams_begun_)))) core_.metrics.streamed(1);
  });
}

}  // namespace dibs::api

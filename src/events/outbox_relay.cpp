#include "events/outbox_relay.h"

#include <algorithm>
#include <utility>

#include "store/thread_name.h"

namespace dibs::events {
namespace {

/// How long nothing is looked at when nothing is said: errors of the sink are told at this pace.
constexpr auto kLookEvery = std::chrono::milliseconds(200);

}  // namespace

OutboxRelay::OutboxRelay(OutboxPump::Options options, const store::EventFeed& feed,
                         const Clock& clock)
    : clock_(clock), pump_(std::move(options), feed, clock) {}

OutboxRelay::~OutboxRelay() { stop(); }

void OutboxRelay::begin(const std::vector<sale::SaleView>& sales) {
  {
    const std::lock_guard lock(mutex_);
    for (const sale::SaleView& view : sales) {
      Seq& latest = latest_[view.id];
      latest = std::max(latest, view.seq);
    }
  }
  thread_ = std::thread([this] { run(); });
}

void OutboxRelay::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_or_end_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void OutboxRelay::run() {
  store::name_thread("dibs-outbox");
  std::optional<Duration> stop_at;
  for (;;) {
    const bool idle = pump_.turn();
    publish();
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
    }
    if (stopping && !stop_at) {
      // One more turn at least: what became durable since the last one was not looked for yet.
      stop_at = clock_.monotonic() + kStopPatience;
      continue;
    }
    if (stopping && (idle || clock_.monotonic() >= *stop_at)) break;
    if (idle) wait_for_news();
  }
  pump_.write();
}

void OutboxRelay::wait_for_news() {
  std::unique_lock lock(mutex_);
  news_or_end_.wait_for(lock, kLookEvery, [this] { return news_ || stopping_; });
  news_ = false;
}

void OutboxRelay::publish() {
  const std::lock_guard lock(mutex_);
  figures_ = pump_.figures();
  written_ = pump_.written();
  const auto& places = pump_.acknowledged().sales;
  for (const SaleId& sale : pump_.take_changed()) {
    const auto place = places.find(sale);
    acked_[sale] = place == places.end() ? Seq() : place->second.seq;
  }
}

void OutboxRelay::on_events(const std::shared_ptr<const sale::SaleView>& view,
                            std::span<const sale::Event> events) noexcept {
  if (events.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    latest_[view->id] = events.back().seq;
    news_ = true;
  }
  news_or_end_.notify_one();
}

std::optional<Seq> OutboxRelay::told_for_good(const SaleId& sale) const {
  const std::lock_guard lock(mutex_);
  if (!written_) return std::nullopt;
  const auto found = written_->find(sale);
  return found == written_->end() ? Seq() : found->second;
}

OutboxState OutboxRelay::state() const {
  const std::lock_guard lock(mutex_);
  OutboxState state{.behind = 0,
                    .behind_for = {},
                    .sent = figures_.sent,
                    .acked = figures_.acked,
                    .in_flight = figures_.in_flight,
                    .bytes_in_flight = figures_.bytes_in_flight,
                    .last_error = figures_.last_error};
  for (const auto& [sale, latest] : latest_) {
    const auto acked = acked_.find(sale);
    const Seq told = acked == acked_.end() ? Seq() : acked->second;
    if (latest > told) state.behind += latest.value() - told.value();
  }
  if (state.behind > 0 && figures_.oldest) {
    state.behind_for = std::max(Duration(0), clock_.now() - *figures_.oldest);
  }
  return state;
}

}  // namespace dibs::events

#include "http/loop.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "http/loop_ids.h"

namespace dibs::http {
namespace {

using std::chrono::milliseconds;

/// Room for every connection there may be, so that one call returns all that is ready and each
/// round can end with a promise (12 bytes each).
std::size_t events_max(const Limits& limits, std::size_t listeners) {
  return limits.connections + listeners + 2;  // the doorbell, and one more than can ever be ready
}

/// One read takes as much as a socket usually holds; a shorter one is known to have emptied it.
constexpr std::size_t kReadBytes = 64 * 1024;

/// After so many requests of one round, say how far it has come.
constexpr std::size_t kRequestsPerPromise = 32;

/// A deadline is met late by at most a quarter of itself, and by at most this.
constexpr Duration kLookEveryMax = milliseconds(250);
constexpr Duration kLookEveryMin = milliseconds(5);

Duration look_every(const Limits& limits) {
  const Duration shortest =
      std::min({limits.head_time, limits.body_time, limits.write_stall, limits.idle_time});
  return std::clamp(Duration(shortest / 4), kLookEveryMin, kLookEveryMax);
}

/// The loop whose thread this is: what it posts to itself needs neither lock nor bell.
thread_local const Loop* this_loop = nullptr;

}  // namespace

Loop::Loop(std::shared_ptr<Shared> shared, std::uint32_t index)
    : shared_(std::move(shared)),
      index_(index),
      promise_(index, shared_->watermarks),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      events_(events_max(shared_->limits, shared_->listeners.size())),
      read_buffer_(kReadBytes),
      paused_until_(shared_->listeners.size(), kAccepting),
      look_every_(look_every(shared_->limits)) {}

Loop::~Loop() = default;

bool Loop::prepare() {
  if (!epoll_.valid() || !doorbell_.fd().valid()) return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kDoorbellId;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, doorbell_.fd().get(), &event) != 0) return false;
  for (std::size_t listener = 0; listener < shared_->listeners.size(); ++listener)
    if (accepts_from(listener) && !watch_listener(listener)) return false;
  return true;
}

void Loop::run() {
  this_loop = this;
  while (!shared_->stopping.load()) round();
  inbox_.shut();
  ids_.clear();
  table_.all(ids_);
  for (const std::uint64_t id : ids_) close(*table_.find(id));
  this_loop = nullptr;
}

void Loop::post(Message message) {
  if (!inbox_.put(std::move(message))) return;
  if (this_loop == this) {
    own_posted_ = true;
  } else {
    doorbell_.ring();
  }
}

void Loop::wake() {
  watermark_wanted_.store(true);
  doorbell_.ring();
}

void Loop::round() {
  const int timeout = timeout_ms();
  const Instant began = shared_->clock.now();
  const int count =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
  DIBS_ASSERT(count >= 0 || errno == EINTR);
  now_ = shared_->clock.monotonic();
  const bool dry = read_ready(std::max(count, 0));
  // Asked for before this point: the time noted above may be older than the question.
  go_round_ = watermark_wanted_.exchange(false);
  hand_out_all(began, dry);
  if (dry && count >= 0) promise_.end_round(began);
  take_messages();
  if (shared_->leaving.load() && !leaving_) begin_leaving();
  if (shared_->draining.load() && !draining_) begin_drain();
  if (now_ >= look_at_) look_at_deadlines();
}

/// Milliseconds to sleep in epoll_wait, 0 to look only, -1 until something happens.
int Loop::timeout_ms() {
  if (go_round_ || own_posted_ || !promise_.settled() || !doorbell_.may_sleep()) return 0;
  if (table_.size() == 0 && !any_paused_) return -1;
  return static_cast<int>(std::chrono::ceil<milliseconds>(look_every_).count());
}

/// Reads everything that is ready. True when nothing that was readable before epoll_wait is left,
/// except where a limit of ours says to leave it.
bool Loop::read_ready(int count) {
  bool doorbell_rung = false;
  bool listener_ready = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.u64 == kDoorbellId) {
      doorbell_rung = true;
    } else if (event.data.u64 >= kFirstListenerId) {
      listener_ready = true;
    } else if (Connection* connection = table_.find(event.data.u64)) {
      on_event(*connection, event.events);
    }
  }
  doorbell_.awake(doorbell_rung);
  const bool accepted_all = !listener_ready || accept_all();
  return accepted_all && count < static_cast<int>(events_.size());
}

void Loop::on_event(Connection& connection, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close(connection);
  const std::uint64_t id = connection.id;
  if ((events & EPOLLIN) != 0) read(connection);
  if ((events & EPOLLOUT) != 0 && table_.find(id) != nullptr) on_writable(connection);
}

/// Hands out what this round's reads completed, earliest first.
void Loop::hand_out_all(Instant began, bool dry) {
  std::ranges::sort(arrived_);
  for (std::size_t i = 0; i < arrived_.size(); ++i) {
    if (dry && i % kRequestsPerPromise == kRequestsPerPromise - 1)
      promise_.publish(std::min(began, arrived_[i].at - Duration(1)));
    Connection* connection = table_.find(arrived_[i].connection);
    if (connection != nullptr && !connection->in_flight) next_request(*connection);
  }
  arrived_.clear();
}

}  // namespace dibs::http

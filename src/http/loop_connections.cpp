#include <malloc.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "http/loop.h"
#include "http/loop_ids.h"

namespace dibs::http {
namespace {

using std::chrono::milliseconds;

/// Accepting more than this in a row would leave the connections there are unread for long.
constexpr int kAcceptsPerRound = 1024;

/// Without descriptors, accept fails at once and epoll calls again at once. A pause of this length
/// costs twenty calls a second instead of a core.
constexpr Duration kPauseWithoutDescriptors = milliseconds(50);

/// A peer that we refused gets this long to read why, before a reset could take it away.
constexpr Duration kLingerTime = std::chrono::seconds(1);

}  // namespace

bool Loop::watch_listener(std::size_t listener) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kFirstListenerId + listener;
  const int socket = listening_socket(listener).get();
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Loop::unwatch_listener(std::size_t listener) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listening_socket(listener).get(), nullptr);
}

/// True when no connection that we may accept is left in any queue.
bool Loop::accept_all() {
  bool dry = true;
  for (std::size_t listener = 0; listener < shared_->listeners.size(); ++listener)
    if (accepts_from(listener) && !leaving_ && !accept_from(listener)) dry = false;
  late_accepts_ = false;
  return dry;
}

bool Loop::accept_from(std::size_t listener) {
  for (int i = 0; i < kAcceptsPerRound; ++i) {
    if (!may_accept(listener)) {
      pause_accepting(listener, look_every_);
      return true;
    }
    Accepted accepted =
        accept_one(listening_socket(listener), shared_->listeners[listener].inherited);
    if (!accepted.socket.valid()) {
      const int error = accepted.error;
      if (error == EAGAIN || error == EINVAL) return true;  // EINVAL: no longer listening
      if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        pause_accepting(listener, kPauseWithoutDescriptors);
        return true;
      }
      continue;  // this one connection failed on its way
    }
    add_connection(listener, std::move(accepted));
  }
  return false;
}

/// Several loops may pass here at once and exceed the limit by one each.
bool Loop::may_accept(std::size_t listener) {
  const Limits& limits = shared_->limits;
  const bool shares = shared_->listeners.size() > 1 && listener == 0;
  const std::size_t reserved = shares ? std::min(limits.reserved_connections,  //
                                                 limits.connections / 2)
                                      : 0;
  return shared_->connections.load() < limits.connections - reserved;
}

/// Takes a connection over and reads it at once: what came before accept has arrived, too.
void Loop::add_connection(std::size_t listener, Accepted accepted) {
  auto made = std::make_unique<Connection>();
  made->socket = std::move(accepted.socket);
  made->peer = std::move(accepted.peer);
  made->listener = static_cast<std::uint32_t>(listener);
  made->held_back = late_accepts_;
  if (shared_->limits.network_connections > 0 && !count_network(*made)) {
    LoopCounters::add(counters_.refused);
    return;  // what it sent is not read, so the close is a reset
  }
  Connection& connection = table_.add(std::move(made));
  shared_->connections.fetch_add(1);
  LoopCounters::add(counters_.accepted);
  epoll_event event{};
  event.events = connection.interest = EPOLLIN;
  event.data.u64 = connection.id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event) != 0) {
    return close(connection);
  }
  wait_for(connection, Wait::idle);
  read(connection);
}

/// Whether the network of the connection may have one more. A proxy we trust may have any number.
bool Loop::count_network(Connection& connection) {
  const auto address = IpAddress::parse(connection.peer);
  if (!address) return true;
  const auto holds = [&](const Network& network) { return network.contains(*address); };
  if (std::ranges::any_of(shared_->trusted_proxies, holds)) return true;
  const IpAddress network = limited_network(*address);
  if (!shared_->networks.enter(network, shared_->limits.network_connections)) return false;
  connection.network = network;
  return true;
}

void Loop::pause_accepting(std::size_t listener, Duration length) {
  unwatch_listener(listener);
  paused_until_[listener] = now_ + length;
  any_paused_ = true;
  look_at_ = std::min(look_at_, paused_until_[listener]);
  LoopCounters::add(counters_.accept_pauses);
}

void Loop::resume_accepting() {
  any_paused_ = false;
  for (std::size_t listener = 0; listener < paused_until_.size(); ++listener) {
    Duration& until = paused_until_[listener];
    if (until == kAccepting) continue;
    if (until <= now_ && !leaving_ && may_accept(listener) && watch_listener(listener)) {
      until = kAccepting;
      late_accepts_ = true;
    } else {
      any_paused_ = true;
    }
  }
}

void Loop::close(Connection& connection) {
  if (connection.stream) {
    connection.stream->open.store(false);
    LoopCounters::add(counters_.streams_closed);
  }
  bytes_freed_ += connection.output.bytes() + connection.input.size();
  if (connection.network) shared_->networks.leave(*connection.network);
  table_.remove(connection.id);
  LoopCounters::add(counters_.closed);
  shared_->connections.fetch_sub(1);
  if (any_paused_) look_at_ = now_;
  if (leaving_ && table_.size() == 0) tell_emptied();
}

void Loop::tell_emptied() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->emptied.notify_all();
}

/// Closes, but where the peer may still be sending lets it read our answer first: closing a socket
/// with unread input resets it, and a reset overtakes what we have sent.
void Loop::close_politely(Connection& connection) {
  if (!connection.refused || connection.peer_closed) return close(connection);
  ::shutdown(connection.socket.get(), SHUT_WR);
  wait_for(connection, Wait::linger);
  update_interest(connection);
}

void Loop::update_interest(Connection& connection) {
  const bool reads_requests = !connection.refused && connection.stream == nullptr;
  const bool has_room = connection.unread().size() < shared_->limits.pipelined_bytes;
  const bool reads = !connection.peer_closed && (!reads_requests || (has_room && !draining_));
  const std::uint32_t interest =
      (reads ? EPOLLIN : 0U) | (connection.output.empty() ? 0U : EPOLLOUT);
  if (interest == connection.interest) return;
  epoll_event event{};
  event.events = connection.interest = interest;
  event.data.u64 = connection.id;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

/// Sets what the connection waits for; the time for it begins now.
void Loop::wait_for(Connection& connection, Wait wait) {
  connection.wait = wait;
  const Limits& limits = shared_->limits;
  switch (wait) {
    case Wait::nothing:
      return table_.clear_deadline(connection.id);
    case Wait::idle:
      return table_.set_deadline(connection.id, now_ + limits.idle_time);
    case Wait::head:
      return table_.set_deadline(connection.id, now_ + limits.head_time);
    case Wait::body:
      return table_.set_deadline(connection.id, now_ + limits.body_time);
    case Wait::write:
      return table_.set_deadline(connection.id, now_ + limits.write_stall);
    case Wait::linger:
      return table_.set_deadline(connection.id, now_ + kLingerTime);
  }
}

void Loop::look_at_deadlines() {
  look_at_ = now_ + look_every_;
  ids_.clear();
  table_.overdue(now_, ids_);
  for (const std::uint64_t id : ids_) expire(*table_.find(id));
  if (any_paused_) resume_accepting();
  give_memory_back();
}

/// A crowd of slow readers leaves its memory to the allocator, in pieces between what is in use;
/// only when asked does it give such pieces to the system. That takes some ms: not for a few.
void Loop::give_memory_back() {
  constexpr std::size_t kWorthwhile = std::size_t{16} << 20U;
  if (bytes_freed_ < kWorthwhile) return;
  bytes_freed_ = 0;
  ::malloc_trim(0);
}

void Loop::expire(Connection& connection) {
  switch (connection.wait) {
    case Wait::head:
      LoopCounters::add(counters_.timed_out);
      return refuse(connection, {408, "the head of the request took too long"});
    case Wait::body:
      LoopCounters::add(counters_.timed_out);
      return refuse(connection, {408, "the body of the request took too long"});
    case Wait::write:
      LoopCounters::add(counters_.timed_out);
      reset_on_close(connection.socket);  // a reader this slow must not keep our memory either
      return close(connection);
    case Wait::nothing:
    case Wait::idle:
    case Wait::linger:
      return close(connection);
  }
}

/// From now on nothing is accepted. Who waits to be accepted by a socket of ours is taken in, since
/// nobody else can; a socket that others hold, too, keeps them for the next process.
void Loop::begin_leaving() {
  for (std::size_t listener = 0; listener < paused_until_.size(); ++listener) {
    if (!accepts_from(listener)) continue;
    const bool inherited = shared_->listeners[listener].inherited;
    while (!inherited && !accept_from(listener)) {
    }
    if (accepts_from(listener)) unwatch_listener(listener);
    // No longer listening, it refuses new clients at once instead of leaving them waiting.
    if (!inherited) ::shutdown(listening_socket(listener).get(), SHUT_RD);
  }
  leaving_ = true;
  go_round_ = true;  // what was just accepted and read is handed out there
  shared_->loops_leaving.fetch_add(1);
  tell_emptied();
}

/// From now on no request is read; those that were read are answered.
void Loop::begin_drain() {
  draining_ = true;
  feed_streams(for_streams_.size());
  ids_.clear();
  table_.all(ids_);
  for (const std::uint64_t id : ids_) {
    Connection& connection = *table_.find(id);
    if (connection.stream) {
      end_stream(connection, false);
    } else if (!connection.in_flight && connection.output.empty()) {
      drain_idle(connection);
    } else {
      update_interest(connection);
    }
  }
  hand_out_all(shared_->clock.now(), false);
  shared_->loops_draining.fetch_add(1);
  tell_emptied();
}

/// Closes, unless a request lies in the socket that no round has found yet: its sender would get a
/// reset. It is read and handed out with the others of this moment, or closed when it is not whole.
void Loop::drain_idle(Connection& connection) {
  const std::uint64_t id = connection.id;
  const std::size_t arrived_before = arrived_.size();
  if (!connection.refused) read(connection);
  if (table_.find(id) != nullptr && arrived_.size() == arrived_before) close(connection);
}

}  // namespace dibs::http

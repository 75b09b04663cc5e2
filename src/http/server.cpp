#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/loop.h"

namespace dibs::http {

struct Server::Impl {
  std::shared_ptr<Shared> shared;
  std::vector<std::shared_ptr<Loop>> loops;
  std::vector<std::thread> threads;

  void nudge_all() {
    for (const auto& loop : loops) loop->nudge();
  }

  /// Waits until `loops` has reached all of them and no connection is left.
  void wait_emptied(const std::atomic<std::uint32_t>& loops_there, Duration patience) {
    std::unique_lock lock(shared->mutex);
    shared->emptied.wait_for(lock, patience, [&] {
      return loops_there.load() == threads.size() && shared->connections.load() == 0;
    });
  }

  void drain(Duration patience, Duration grace) {
    if (threads.empty()) return;
    shared->leaving.store(true);
    nudge_all();
    wait_emptied(shared->loops_leaving, grace);
    shared->draining.store(true);
    nudge_all();
    wait_emptied(shared->loops_draining, patience);
    shared->stopping.store(true);
    nudge_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { drain(Duration(0)); }

namespace {

/// What listens at `address`: the sockets that were inherited for it, or new ones.
Result<Listener> listener_at(const std::string& address, std::vector<Fd> inherited,
                             std::size_t loops) {
  const bool is_inherited = !inherited.empty();
  if (inherited.size() > loops)
    return fault(FaultKind::bad_input,
                 std::to_string(inherited.size()) + " inherited sockets listen at " +
                     local_address(inherited.front()) + ", and there are " + std::to_string(loops) +
                     " loops to serve them.",
                 "Hand over one socket, or one for each loop.");
  for (const Fd& socket : inherited)
    if (auto taken = take_over_listener(socket); !taken) return std::unexpected(taken.error());
  auto sockets =
      is_inherited ? Result<std::vector<Fd>>(std::move(inherited)) : open_listeners(address, loops);
  if (!sockets) return std::unexpected(std::move(sockets.error()));
  std::string bound = local_address(sockets->front());
  return Listener{std::move(bound), std::move(*sockets), is_inherited};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(Options options, Handler& handler,
                                             WatermarkListener& watermarks, const Clock& clock,
                                             Inherited inherited) {
  DIBS_ASSERT(options.loops > 0 && inherited.size() <= options.listen.size());
  inherited.resize(options.listen.size());
  // Whatever is configured, one whole request must fit, or its rest would never be read.
  Limits& limits = options.limits;
  limits.pipelined_bytes = std::max(limits.pipelined_bytes, limits.head_bytes + limits.body_bytes);
  auto impl = std::make_unique<Impl>();
  impl->shared = std::make_shared<Shared>(options.limits, handler, watermarks, clock,
                                          std::move(options.trusted_proxies));
  for (std::size_t i = 0; i < options.listen.size(); ++i) {
    auto listener = listener_at(options.listen[i], std::move(inherited[i]), options.loops);
    if (!listener) return std::unexpected(std::move(listener.error()));
    impl->shared->listeners.push_back(std::move(*listener));
  }
  for (std::uint32_t index = 0; index < options.loops; ++index) {
    impl->loops.push_back(std::make_shared<Loop>(impl->shared, index));
    if (!impl->loops.back()->prepare())
      return fault(FaultKind::unavailable, "The system has no file descriptors left.",
                   "Raise the limit on open files (ulimit -n) and start again.");
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const Listener& listener : impl_->shared->listeners) addresses.push_back(listener.address);
  return addresses;
}

void Server::start() {
  DIBS_ASSERT(impl_->threads.empty());
  for (const auto& loop : impl_->loops) impl_->threads.emplace_back([loop] { loop->run(); });
}

void Server::wake(std::uint32_t index) { impl_->loops.at(index)->wake(); }

void Server::drain(Duration patience, Duration grace) { impl_->drain(patience, grace); }

Counters Server::counters() const {
  Counters sum;
  std::uint64_t closed = 0;
  std::uint64_t streams_closed = 0;
  for (const auto& loop : impl_->loops) {
    const LoopCounters& one = loop->counters();
    closed += one.closed.load(std::memory_order_relaxed);
    streams_closed += one.streams_closed.load(std::memory_order_relaxed);
    sum.connections_accepted += one.accepted.load(std::memory_order_relaxed);
    sum.accept_pauses += one.accept_pauses.load(std::memory_order_relaxed);
    sum.connections_refused += one.refused.load(std::memory_order_relaxed);
    sum.requests += one.requests.load(std::memory_order_relaxed);
    sum.refused_framing += one.refused_framing.load(std::memory_order_relaxed);
    sum.timed_out += one.timed_out.load(std::memory_order_relaxed);
    sum.unstamped += one.unstamped.load(std::memory_order_relaxed);
    sum.stamps_moved += one.stamps_moved.load(std::memory_order_relaxed);
    sum.streams_open += one.streams_opened.load(std::memory_order_relaxed);
  }
  // Closed ones are read first and opened ones after, so the difference is never negative.
  sum.connections_open = sum.connections_accepted - closed;
  sum.streams_open -= streams_closed;
  return sum;
}

}  // namespace dibs::http

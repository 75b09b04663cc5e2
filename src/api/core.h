#pragma once

#include <atomic>
#include <cstdint>

#include "api/api.h"
#include "api/broadcaster.h"
#include "api/console_sessions.h"
#include "api/identity.h"
#include "api/metrics.h"
#include "api/payments.h"
#include "api/rate_limit.h"
#include "api/sale_tallies.h"
#include "api/seen_events.h"
#include "api/timely_store.h"
#include "base/worker.h"

namespace dibs::api {

/// The loop index of stamps that no ingress loop gave: the store orders them by their time alone.
inline constexpr std::uint32_t kNoLoop = UINT32_MAX;

/// Everything that the routes share.
///
/// **Threads.** Routes run on the server's loops and on the store's threads. What must be in one
/// order or at a time (streams, long polls, retries) runs on the one thread of `worker`.
/// **Lock order.** Payments, then the broadcaster's table of sales, then one sale's inbox, then the
/// worker's queue; the store's waiting calls by themselves. None is held while the store, the
/// provider or a stream is called.
struct Core {
  Core(Options given, Authenticator checked, store::SaleStore& the_store,
       payment::Provider* the_provider, const Clock& the_clock, StatsSource the_stats)
      : options(std::move(given)),
        authenticator(std::move(checked)),
        provider(the_provider),
        clock(the_clock),
        stats(std::move(the_stats)),
        limiter(options.rate_per_buyer),
        strangers(options.rate_per_network),
        worker(the_clock, options.stepped ? Worker::Drive::stepped : Worker::Drive::thread),
        store(the_store, worker, the_clock,
              {.answer = options.store_patience, .reading = options.journal_patience}),
        broadcaster(*this),
        payments(*this) {}

  /// A stamp for what the server does by itself: now, behind everything read before.
  [[nodiscard]] Stamp stamp() { return {clock.now(), kNoLoop, ++stamps}; }

  const Options options;
  const Authenticator authenticator;
  payment::Provider* const provider;
  const Clock& clock;
  const StatsSource stats;
  RateLimiter limiter;        ///< of buyers
  RateLimiter strangers;      ///< of networks, for requests without a valid credential
  RateLimiter log_ins{1, 5};  ///< from one network to the console; five may be tried at once
  ConsoleSessions console_sessions;
  Metrics metrics;
  SaleTallies tallies;
  SeenEvents seen_events;
  std::atomic<bool> stopping = false;  ///< nobody may be kept waiting any more
  std::atomic<bool> stopped = false;   ///< requests are refused
  std::atomic<std::uint64_t> stamps = 0;
  Worker worker;
  TimelyStore store;
  Broadcaster broadcaster;
  Payments payments;
};

}  // namespace dibs::api

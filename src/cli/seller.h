#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/time.h"
#include "cli/serve_options.h"
#include "engine/engine.h"
#include "redis/address.h"
#include "redis/settings.h"
#include "store/event_feed.h"
#include "store/sale_store.h"

namespace dibs::cli {

/// The store that `dibs serve` sells from, whichever it is, with what a server needs of it beyond
/// the port. Calls in this order: the set_… and add_…, start(), drain().
class Seller {
 public:
  Seller() = default;
  Seller(const Seller&) = delete;
  Seller& operator=(const Seller&) = delete;
  virtual ~Seller() = default;

  [[nodiscard]] virtual store::SaleStore& store() = 0;
  [[nodiscard]] virtual const store::EventFeed& feed() const = 0;
  [[nodiscard]] virtual WatermarkListener& watermarks() = 0;
  /// The embedded engine, for what only it has; null on Redis.
  [[nodiscard]] virtual engine::Engine* engine() = 0;

  virtual void set_waker(std::function<void(std::uint32_t)> waker) = 0;
  virtual void add_listener(store::EventListener& listener) = 0;
  /// See redis::Store; the engine keeps its journal as long as its sales.
  virtual void add_follower(std::string name, store::DoneUpto done_upto) = 0;
  /// `handler` is told that nothing can be made durable any more. Redis that goes away comes back,
  /// so there it is never called.
  virtual void set_on_failure(std::function<void(const Fault&)> handler) = 0;
  [[nodiscard]] virtual Result<void> start() = 0;
  virtual void drain() = 0;
  /// Its figures for /metrics.
  virtual void add_stats(std::vector<api::Stat>& out) const = 0;
};

/// What `--durability NAME` asks of a Redis server.
[[nodiscard]] redis::Promise promise_of(const std::string& name);

/// Where `--store` says that Redis is, with the files of TLS. Fails naming what is wrong.
[[nodiscard]] Result<std::vector<redis::Address>> redis_addresses(const ServeOptions& options);

/// What the settings say: the engine on `options.data`, or Redis at `options.store`. Fails naming
/// what is wrong.
[[nodiscard]] Result<std::unique_ptr<Seller>> open_seller(const ServeOptions& options);

}  // namespace dibs::cli

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/time.h"
#include "redis/address.h"
#include "redis/settings.h"
#include "redis/trim.h"
#include "store/event_feed.h"
#include "store/sale_store.h"

namespace dibs::redis {

/// The store on a Redis server: the rules run there, as functions; this gateway orders the requests
/// that it receives, sends them in micro-batches, one call in flight a sale, and keeps a replica of
/// each sale, folded from its events, from which all views are made. Many gateways may share one
/// server, or one Redis Cluster, of which each sale is on one primary.
///
/// Promise: as Options::durability says; see docs/OPERATING.md. A call that was on its way when the
/// connection broke answers `unknown`; the same request with the same key then finds the truth.
/// A server that came back older than this gateway has seen stops the sale: `fenced`.
class Store final : public store::SaleStore, public store::EventFeed, public WatermarkListener {
 public:
  struct Options {
    /// The server, or nodes of the cluster to ask first; at least one.
    std::vector<Address> addresses{};
    std::string data_dir;  ///< of the file that remembers what was seen; created if missing
    Promise durability = Promise::strict;
    std::uint32_t ingress_loops = 1;  ///< as of the engine
    std::size_t queue_per_loop =
        65'536;  ///< commands waiting to be ordered, and as many to be sent
    Duration late_after = std::chrono::seconds(1);
    Duration away_after = std::chrono::seconds(2);  ///< see BatchContext; 0: never, for tests
    /// A server that does not answer for so long is taken for lost.
    Duration patience = std::chrono::seconds(5);
    TrimOptions trim{};
    bool own_clock = false;  ///< for tests: the sale's time is this clock's and not the server's
  };

  struct Counters {
    std::uint64_t connects = 0;
    std::uint64_t calls = 0;
    std::uint64_t commands = 0;
    std::uint64_t late_numbers = 0;
    std::uint64_t queue_full = 0;
    bool connected = false;
    std::uint64_t fenced = 0;  ///< sales that have stopped
  };

  Store(Options options, const Clock& clock);
  ~Store() override;

  /// Before start(): see Engine.
  void set_waker(std::function<void(std::uint32_t)> waker);
  void add_listener(store::EventListener& listener);
  void set_on_warning(std::function<void(const std::string&)> handler);
  /// Somebody in this process follows the sales: nothing is cut that it needs. Its name is one of
  /// its own in this process, and the same after a restart. Events are cut only where one named
  /// `ledger …` or `kafka …` follows: who keeps for good what is cut. `done_upto` is called on a
  /// thread of the store's until drain() returns.
  void add_follower(std::string name, store::DoneUpto done_upto);
  /// Connects, judges the server's settings, loads the functions, reads every sale's events, and
  /// begins to serve. Fails when that cannot be done: then nothing runs. Later losses of the
  /// connection are tried again by themselves.
  [[nodiscard]] Result<void> start();
  /// Sends everything submitted, waits for the answers, stops.
  void drain();

  [[nodiscard]] Counters counters() const;
  /// Of every sale that this gateway trims.
  [[nodiscard]] std::vector<TrimState> trim_states() const;

  /// 0: each sale has a stream of its own.
  [[nodiscard]] Position durable_position() const override { return {}; }
  /// As its data in Redis say; given with the first event.
  [[nodiscard]] Result<std::string> epoch_of(const SaleId& sale) const override;
  /// Reads the streams in Redis over a connection of its own, on the caller's thread, what other
  /// gateways did included: as far as this gateway has shown it. A sale that has stopped gives
  /// nothing more.
  [[nodiscard]] std::unique_ptr<store::EventReader> read_events(
      store::Taken taken, std::optional<SaleId> sale) const override;

  void on_watermark(std::uint32_t loop, Instant upto) noexcept override;
  [[nodiscard]] Instant furthest_watermark() const noexcept override;
  void submit(const Stamp& stamp, SaleId sale, sale::Command command,
              store::Reply<sale::Outcome> reply) override;
  void find_sale(const Stamp& stamp, SaleId sale,
                 store::Reply<std::optional<sale::SaleView>> reply) override;
  void list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) override;
  void find_order(const Stamp& stamp, OrderId order,
                  store::Reply<std::optional<sale::OrderView>> reply) override;
  void list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                   store::Reply<std::vector<sale::OrderView>> reply) override;
  void list_arrivals(SaleId sale, store::ArrivalFilter filter,
                     store::Reply<std::vector<store::ArrivalRecord>> reply) override;
  void history(OrderId order, store::Reply<std::vector<sale::Event>> reply) override;
  [[nodiscard]] std::shared_ptr<const sale::SaleView> glance(const SaleId& sale) const override;
  [[nodiscard]] store::Durability durability() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::redis

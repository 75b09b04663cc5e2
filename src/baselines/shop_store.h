#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "baselines/design.h"
#include "baselines/pool.h"
#include "store/sale_store.h"

namespace dibs::baselines {

/// One of the shop's designs behind the port, so that the same server and the same test tool
/// measure it. **For comparison only.**
///
/// It does what such a measurement needs: make a sale of one item that is open at once, buy, pay,
/// read. Everything else is answered with a fault that says so. It promises less than the port
/// asks: no order among requests (the port's stamps are ignored), no idempotency (keys are
/// ignored), no durability, nothing but what the design by itself gives. It writes no events.
///
/// A buy that did not get the lock is refused as `wrong_state`, which no buy is otherwise, with a
/// detail that begins with kLockFailed.
class ShopStore final : public store::SaleStore {
 public:
  static constexpr std::string_view kLockFailed = "lock_failed: ";

  struct Options {
    std::string design;
    std::string host = "127.0.0.1";
    std::uint16_t port = 6379;
    std::size_t threads = 16;  ///< calls under way at a time, each with a connection
    /// Which of several servers on that Redis this is, from 0. They share stock and lock; each
    /// numbers apart from the others and has lists of its own, as its orders lie in its memory.
    std::uint32_t gateway = 0;
    std::uint32_t gateways = 1;
    /// Between two turns of the worker beside the buyers; zero: only `work_once` turns it.
    Duration worker_period = std::chrono::seconds(1);
    Settings settings;  ///< `pay` is required
  };

  /// Fails when there is no such design or no Redis.
  [[nodiscard]] static Result<std::unique_ptr<ShopStore>> open(Options options, const Clock& clock);
  /// Answers what is under way first.
  ~ShopStore() override;

  /// Answers what was submitted; nothing may be submitted any more.
  void drain();
  /// One turn of the worker, now, on this thread.
  void work_once();

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
  /// A sale: made once, never changed.
  struct Shelf {
    SaleId id;
    std::shared_ptr<const sale::SaleSpec> spec;
    Keys keys;
    Book book;
    std::atomic<std::int64_t> stock = 0;  ///< what the counter in Redis stands at
    std::atomic<std::uint64_t> arrivals = 0;
  };
  using OutcomeReply = store::Reply<sale::Outcome>;

  ShopStore(Options options, const Clock& clock);
  [[nodiscard]] std::shared_ptr<Shelf> find(const SaleId& sale) const;
  void put(const SaleId& sale, const sale::Put& put, OutcomeReply reply);
  void buy(const std::shared_ptr<Shelf>& shelf, sale::Buy buy, OutcomeReply reply);
  void pay(const std::shared_ptr<Shelf>& shelf, const sale::OrderView& order,
           const sale::Command::Action& action, OutcomeReply reply);
  [[nodiscard]] Desk desk(Redis& redis, Shelf& shelf);
  [[nodiscard]] sale::OrderView draft(const Shelf& shelf, const sale::Buy& buy,
                                      std::int64_t price) const;
  sale::Outcome sell(Redis& redis, Shelf& shelf, sale::OrderView order);
  /// Has `task` done in its turn; its answer is the reply, unless Redis was lost meanwhile.
  void in_turn(OutcomeReply reply, std::move_only_function<sale::Outcome(Redis&)> task);
  void turn_worker(const std::stop_token& stop);

  const Options options_;
  const Clock& clock_;
  const std::unique_ptr<Design> design_;
  mutable std::mutex mutex_;  ///< guards sales_
  std::map<SaleId, std::shared_ptr<Shelf>> sales_;
  std::mutex worker_mutex_;  ///< one turn at a time; guards worker_redis_
  std::optional<Redis> worker_redis_;
  std::unique_ptr<Pool> pool_;
  std::jthread worker_;
};

}  // namespace dibs::baselines

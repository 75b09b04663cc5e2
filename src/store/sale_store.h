#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/time.h"
#include "sale/codes.h"
#include "sale/command.h"
#include "sale/event.h"
#include "sale/order.h"
#include "sale/sale.h"

/// The port: what a store of sales promises, wherever the sales live. Implemented by src/engine
/// (embedded) and src/redis; used by src/api. One contract test suite holds for all of them.
namespace dibs::store {

/// Receives the answer to one call, exactly once, on a thread of the store's choosing. It must be
/// quick and must not block or throw. A fault means: nothing was numbered and nothing changed
/// (`unavailable`), or it is not known (`unknown`); the store says which.
template <class T>
using Reply = std::move_only_function<void(Result<T>)>;

/// One numbered request, accepted or refused.
struct ArrivalRecord {
  Arrival arrival;
  Instant received;
  BuyerId buyer;
  sale::Code code = sale::Code::ok;
  std::optional<OrderKey> order;  ///< when accepted

  friend bool operator==(const ArrivalRecord&, const ArrivalRecord&) = default;
};

struct ArrivalFilter {
  std::optional<BuyerId> buyer;
  Arrival after;  ///< only later arrivals
  std::size_t limit = 100;
};

/// What a store promises about an acknowledged order.
struct Durability {
  std::string_view name;     ///< `strict`, `replica` or `relaxed`
  std::string_view promise;  ///< one sentence for a person
};

/// A store of sales.
///
/// **Order.** Commands of one sale are applied one after another in the order of their stamps.
/// **Durability.** An answer (a refusal and a read too) is given only when every event it depends
/// on is durable: what has been seen is never undone by a crash, within `durability()`.
/// **Back-pressure.** When its queues are full a call answers `unavailable` before the request is
/// numbered; a call accepted is always answered.
/// **Threads.** Any thread may call; calls do not block.
class SaleStore {
 public:
  SaleStore() = default;
  SaleStore(const SaleStore&) = delete;
  SaleStore& operator=(const SaleStore&) = delete;
  virtual ~SaleStore() = default;

  /// Applies `command` to `sale`. The store fills in Buy::order and Buy::arrival. A sale that does
  /// not exist answers Code::unknown_sale (except Put, which creates it).
  virtual void submit(const Stamp& stamp, SaleId sale, sale::Command command,
                      Reply<sale::Outcome> reply) = 0;

  /// The sale as it is once every command stamped before `stamp` is applied and durable.
  virtual void find_sale(const Stamp& stamp, SaleId sale,
                         Reply<std::optional<sale::SaleView>> reply) = 0;
  virtual void list_sales(const Stamp& stamp, Reply<std::vector<sale::SaleView>> reply) = 0;
  virtual void find_order(const Stamp& stamp, OrderId order,
                          Reply<std::optional<sale::OrderView>> reply) = 0;
  virtual void list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                           Reply<std::vector<sale::OrderView>> reply) = 0;

  /// Numbered requests in order of arrival, from the journal; may take as long as reading it.
  virtual void list_arrivals(SaleId sale, ArrivalFilter filter,
                             Reply<std::vector<ArrivalRecord>> reply) = 0;
  /// The events of one order, from the journal, with what followed from events of its sale
  /// (line_ended) as facts of their own. `not_found`: the store does not keep them so long.
  virtual void history(OrderId order, Reply<std::vector<sale::Event>> reply) = 0;

  /// The newest durable view of a sale, at once and from any thread: for pages and counters that
  /// may be a moment old but never undone. Nothing when there is no such sale.
  [[nodiscard]] virtual std::shared_ptr<const sale::SaleView> glance(const SaleId& sale) const = 0;

  [[nodiscard]] virtual Durability durability() const = 0;
};

/// The durable events of every sale, as they become durable.
class EventListener {
 public:
  EventListener() = default;
  EventListener(const EventListener&) = delete;
  EventListener& operator=(const EventListener&) = delete;
  virtual ~EventListener() = default;

  /// `events` of `view->id` have become durable, in order and without a gap since the last call
  /// for that sale; `view` is the sale right after the last of them. Called before the answers
  /// that depend on them are given, from one thread of the store; must not block.
  virtual void on_events(const std::shared_ptr<const sale::SaleView>& view,
                         std::span<const sale::Event> events) noexcept = 0;
};

}  // namespace dibs::store

#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "sale/order.h"
#include "sale/sale.h"

namespace dibs::baselines {

/// The orders of one sale as its records have them: stands for the shop's table of orders. It keeps
/// what it is told and judges nothing. Any thread.
class Book {
 public:
  /// Notes a new order; fills in its `seq` and, when it is waiting, its `place`.
  void add(sale::OrderView& order);
  /// Takes an order out that has come to nothing.
  void remove(const OrderKey& key);
  /// Notes what has become of an order; of one that is not there, nothing.
  void set(const OrderKey& key, sale::OrderState state, sale::Money money = sale::Money::none,
           sale::Reason reason = sale::Reason::none);

  /// Notes that a payment is under way, if the order is still held.
  void begin_payment(const OrderKey& key);

  [[nodiscard]] std::optional<sale::OrderView> find(const OrderKey& key) const;
  [[nodiscard]] std::vector<sale::OrderView> list(const sale::Sale::OrderFilter& filter) const;

  struct Totals {
    std::int64_t held = 0;  ///< units of orders that are held or paying
    std::int64_t sold = 0;  ///< units of orders that are paid
    std::uint64_t waiting = 0;
    std::uint64_t orders = 0;
    Seq seq;
    std::optional<Place> head;  ///< of those who wait
    Arrival last_winner;
  };
  [[nodiscard]] Totals totals() const;

 private:
  void count(const sale::OrderView& order, std::int64_t sign);
  [[nodiscard]] sale::OrderView seen(const sale::OrderView& order) const;

  mutable std::mutex mutex_;  ///< guards everything below
  std::unordered_map<OrderKey, sale::OrderView> orders_;
  std::vector<OrderKey> in_order_;  ///< as they were added
  Totals totals_;
  std::uint64_t places_ = 0;
  std::uint64_t left_line_ = 0;  ///< orders that waited and do no more: the line is served in turn
};

[[nodiscard]] std::int64_t units_of(const sale::OrderView& order);

}  // namespace dibs::baselines

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/stamp.h"
#include "sale/event.h"
#include "sale/sale.h"

namespace dibs::sim {

/// What must be true of one sale, told from outside by its durable events and the answers that left
/// the server. Written from DESIGN's rules and not from the code that is judged: it shares nothing
/// with src/sale but the names of things, and keeps its own, simple account of every unit.
class Law {
 public:
  struct Order {
    Arrival arrival;
    std::string buyer;
    std::map<std::string, std::int64_t> units;  ///< by SKU
    sale::OrderState state = sale::OrderState::held;
    sale::Money money = sale::Money::none;
    Seq changed;                      ///< by the last event that was about it
    std::optional<Instant> deadline;  ///< while held or paying
    bool extended = false;            ///< it has had the one extension of its hold
    bool refused_as_late = false;     ///< a payment was answered too_late
    bool counts = true;               ///< its units, towards the buyer's limit
    bool was_paid = false;
    int refunds_due = 0;
    int refunded = 0;
  };
  struct Item {
    std::int64_t total = 0;
    std::int64_t available = 0;
    std::int64_t held = 0;
    std::int64_t sold = 0;
    std::set<Arrival> line;       ///< who waits for it
    std::optional<Arrival> shut;  ///< the line refused this one, and has not reopened since
  };

  explicit Law(std::string sale) : sale_(std::move(sale)) {}

  /// A command has reached the server. What happens to an order must have been asked for.
  void asked(const sale::Command& command);
  /// The next durable event. Those of one `record` became durable together.
  void take(Position record, const sale::Event& event);
  /// An answer to a buy that has left the server, and where the request stood. Every event that is
  /// durable by now has been taken. Stamps of one `clock` are compared;
  /// nothing: it was set while the request was under way.
  void answered(std::optional<std::uint64_t> clock, const Stamp& stamp, const sale::Buy& buy,
                const sale::Outcome& outcome);
  /// The wall clock is set at times: who is let in then may have come before the opening, by a
  /// clock that was set back after it.
  void clock_was_set() { clock_set_ = true; }
  /// The answer to any other command.
  void answered(const sale::Command& command, const sale::Outcome& outcome);
  /// Nothing is under way and nothing will be due before `now`.
  void at_rest(Instant now);
  /// What the store itself says, right after its event `view.seq`, which is the last one taken.
  void compare(const sale::SaleView& view, const std::vector<sale::OrderView>& orders);

  /// Whether these are the units of `sku`: total, available, held, sold.
  [[nodiscard]] bool agrees(const std::string& sku, const std::array<std::int64_t, 4>& units) const;
  /// What the units of an order cost, in minor units.
  [[nodiscard]] std::int64_t amount(const OrderKey& key) const;
  /// Where its money is, by the sale's events; none of an order that is not there.
  [[nodiscard]] sale::Money money(const OrderKey& key) const;
  /// It is durable that the order was paid, whatever became of it.
  [[nodiscard]] bool was_paid(const OrderKey& key) const;
  /// It is durable that its money is, or was, to go back.
  [[nodiscard]] bool refund_was_due(const OrderKey& key) const;
  [[nodiscard]] Seq seq() const { return seq_; }
  [[nodiscard]] const std::map<OrderKey, Order>& orders() const { return orders_; }
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Take;
  /// What somebody entitled to it has asked to be done with an order.
  enum class Wish : std::uint8_t { begin, pay, fail, leave, refund };
  void shown(const sale::OrderView& order);
  [[nodiscard]] bool wished(const sale::OrderRef& order, std::initializer_list<Wish> any) const;
  [[nodiscard]] std::int64_t gone(const std::string& sku) const;
  [[nodiscard]] std::uint64_t position(const Order& order) const;
  void broke(const std::string& words);
  void expect(bool kept, const char* words) {
    if (!kept) broke(words);
  }
  Order* find(const sale::OrderRef& ref);
  void wait(const Order& order);
  void leave_lines(const Order& order);
  void move(const Order& order, std::int64_t Item::* from, std::int64_t Item::* to);
  void conserve();
  void within_limit(const std::string& buyer);
  [[nodiscard]] bool units_free(const Order& order) const;
  [[nodiscard]] bool at_every_head(const Order& order) const;
  void no_unit_idle();

  std::string sale_;
  Seq seq_;
  Instant last_;    ///< of the last event
  Instant before_;  ///< of the one before it
  sale::SaleSpec spec_;
  bool exists_ = false;
  bool opened_ = false;
  bool clock_set_ = false;
  bool paused_ = false;
  bool closed_ = false;
  std::map<std::string, Item> items_;
  std::map<OrderKey, Order> orders_;
  std::map<Arrival, OrderKey> by_arrival_;
  std::set<std::pair<OrderKey, Wish>> wishes_;
  Position record_;
  std::map<std::pair<std::string, std::string>, OrderKey> keys_;              ///< of (buyer, key)
  std::map<std::string, std::int64_t> live_;                                  ///< units by buyer
  std::map<std::uint64_t, std::vector<std::pair<Stamp, Arrival>>> numbered_;  ///< by clock
  std::vector<std::string> broken_;
};

}  // namespace dibs::sim

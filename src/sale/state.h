#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sale/book.h"
#include "sale/holds.h"
#include "sale/line.h"
#include "sale/mutant.h"
#include "sale/order.h"
#include "sale/spec.h"
#include "sale/winners.h"

namespace dibs::sale {

using ItemIndex = std::uint16_t;
inline constexpr ItemIndex kNoItem = UINT16_MAX;

/// One ending of a line: the single-item orders that waited in it, and had arrived up to `upto`,
/// have been `sold_out` or `closed` since event `seq`.
struct LineEnd {
  Arrival upto;
  Seq seq;
  bool by_close = false;
};

struct Item {
  std::int64_t total = 0;
  std::int64_t available = 0;
  std::int64_t held = 0;
  std::int64_t sold = 0;
  std::int64_t uncaptured = 0;  ///< of sold: the money is authorised only, they may come back
  std::int64_t restocked = 0;   ///< sum of all deltas: total = stock of the spec + restocked
  Line line;
  std::vector<LineEnd> ends;  ///< in order, so sorted by `upto`
  bool shut = false;
  bool touched = false;  ///< in State::touched

  /// The most an order can ever get of it, whoever gives units back, unless stock is added.
  [[nodiscard]] std::int64_t can_ever_be_left() const {
    if (planted(Mutant::authorised_counts_as_gone)) return total - sold;
    return total - sold + uncaptured;
  }
};

struct RestockRecord {
  SkuId sku;
  std::int64_t delta = 0;
};

/// The whole state of a sale. Only `fold` changes it. (`settle` and `touched` change how it is
/// held, not what it is: equal histories give equal `save` bytes either way.)
struct State {
  std::shared_ptr<const SaleSpec> spec;  ///< null: the sale does not exist
  std::uint64_t line_limit = 0;          ///< line_limit_of(*spec)
  bool opened = false;
  bool paused = false;
  bool closed = false;
  bool archived = false;  ///< the sale is in a file and will not exist again
  Instant paused_at;      ///< while paused
  /// What pauses and downtimes have added to every deadline so far. The sale's clock is the wall
  /// clock minus this; it stands still while paused. Deadlines are stored on the sale's clock,
  /// so one Resumed event moves all of them.
  Duration shift{0};
  Seq seq;
  Instant last_at;         ///< of the last event
  std::string last_actor;  ///< of the last event; not saved, as it matters only between two steps

  std::vector<Item> items;        ///< in the order of spec->items
  std::vector<ItemIndex> by_sku;  ///< the same sorted by SKU
  Book book;
  Holds holds;
  Winners winners;
  std::uint64_t waiting = 0;                                   ///< orders
  std::uint32_t line_ends = 0;                                 ///< LineEnded events so far
  std::map<std::string, RestockRecord, std::less<>> restocks;  ///< by idempotency key
  /// Items whose figures or line have changed since somebody looked whether their head can be
  /// served. Empty after a command, unless more was to do than fits one step.
  std::vector<ItemIndex> touched;

  [[nodiscard]] bool exists() const { return spec != nullptr; }
  [[nodiscard]] ItemIndex find_item(std::string_view sku) const;
  [[nodiscard]] const ItemSpec& item_spec(ItemIndex item) const { return spec->items[item]; }

  /// Where an order really is: a waiting order whose line has ended waits no more.
  [[nodiscard]] OrderState state_of(OrderIndex order) const;
  /// The last event that changed it, an ending of its line included.
  [[nodiscard]] Seq seq_of(OrderIndex order) const;

  /// Writes into the orders of `buyer` what the endings of lines have meant for them. Before the
  /// buyer's figures are read.
  void settle(BuyerIndex buyer);
  /// The buyer's units that count towards the limit, settled or not.
  [[nodiscard]] std::uint64_t units_of(BuyerIndex buyer) const;

  void touch(ItemIndex item);
  void touch_all();

  [[nodiscard]] Instant expires_at(OrderIndex order) const {
    return from_ns(book.at(order).deadline_ns) + shift;
  }

 private:
  [[nodiscard]] const LineEnd* end_of(OrderIndex order) const;
};

/// Whether the order's units count towards its buyer's limit.
[[nodiscard]] bool counts(OrderState state, Money money);
/// Whether the units of an order in that state are sold and may yet come back by themselves: the
/// money is authorised, and its capture may be refused.
[[nodiscard]] constexpr bool is_uncaptured(OrderState state, Money money) {
  return state == OrderState::paid && money == Money::authorised;
}

/// Orders whose units or money are not yet where they stay: waiting, held, paying, authorised and
/// not captured, or due for a refund.
[[nodiscard]] std::uint64_t open_orders(const State& state);

/// `spec` is the sale's from now on; items that differ start afresh with their first stock.
void set_spec(State& state, const SaleSpec& spec);

}  // namespace dibs::sale

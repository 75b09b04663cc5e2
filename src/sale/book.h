#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "sale/blocks.h"
#include "sale/index.h"
#include "sale/line.h"
#include "sale/order.h"
#include "sale/texts.h"

namespace dibs::sale {

using BuyerIndex = std::uint32_t;
inline constexpr BuyerIndex kNoBuyer = UINT32_MAX;

/// One SKU of an order, in 8 bytes. The price is the sale's: it cannot change once orders exist.
struct StoredLine {
  std::uint16_t item = 0;      ///< index in SaleSpec::items
  std::uint16_t quantity = 0;  ///< at most limits::kQuantity
  std::uint32_t place = 0;     ///< in the item's line, while waiting
};

/// An order in 96 bytes. With its buyer, key and index entries a new order of a new buyer costs
/// about 220 (docs/PERFORMANCE.md has the sum).
struct StoredOrder {
  OrderKey key;
  Arrival arrival;
  std::int64_t received_ns = 0;
  std::int64_t deadline_ns = 0;  ///< on the sale's clock, while held or paying
  Seq seq;
  std::uint64_t texts = 0;  ///< idempotency key and reference, in Texts
  BuyerIndex buyer = kNoBuyer;
  OrderIndex older = kNoOrder;       ///< the buyer's order before this one
  OrderIndex live_older = kNoOrder;  ///< the same chain, only those that count towards the limit
  OrderIndex live_newer = kNoOrder;
  std::uint32_t declines = 0;    ///< payment attempts that failed
  StoredLine only;               ///< the line, when there is one
  std::uint32_t lines_from = 0;  ///< in Book's pool, when there are several
  std::uint8_t line_count = 0;
  std::uint8_t key_size = 0;
  std::uint8_t reference_size = 0;
  bool extended = false;  ///< the one extension by a begun payment is used up
  OrderState state = OrderState::released;
  Money money = Money::none;
  Reason reason = Reason::none;
};

static_assert(sizeof(StoredOrder) == 96);

struct StoredBuyer {
  std::uint64_t text = 0;
  std::uint64_t units = 0;              ///< that count towards the limit
  OrderIndex newest = kNoOrder;         ///< head of the chain of all orders
  OrderIndex live_newest = kNoOrder;    ///< head of the chain of those that count
  std::uint32_t line_ends_settled = 0;  ///< see State::settle
  std::uint8_t text_size = 0;
  std::uint8_t orders = 0;  ///< ever entered, as far as Book::kFewOrders and one more
};

static_assert(sizeof(StoredBuyer) == 32);

/// What is needed to enter an order.
struct NewOrder {
  OrderKey key;
  Arrival arrival;
  std::int64_t received_ns = 0;
  std::string_view buyer;
  std::string_view idempotency_key;
  std::string_view reference;
  std::span<const StoredLine> lines;
};

/// All orders of a sale in order of arrival, with the indexes that find them. Knows nothing of the
/// rules. Hash tables are only asked for one entry at a time, never walked, so their order cannot
/// leak into an outcome.
class Book {
 public:
  Book();

  [[nodiscard]] OrderIndex size() const { return static_cast<OrderIndex>(orders_.size()); }
  [[nodiscard]] StoredOrder& at(OrderIndex order) { return orders_[order]; }
  [[nodiscard]] const StoredOrder& at(OrderIndex order) const { return orders_[order]; }
  [[nodiscard]] StoredBuyer& buyer(BuyerIndex buyer) { return buyers_[buyer]; }
  [[nodiscard]] const StoredBuyer& buyer(BuyerIndex buyer) const { return buyers_[buyer]; }
  [[nodiscard]] BuyerIndex buyers() const { return static_cast<BuyerIndex>(buyers_.size()); }

  /// Views that hold until the next add.
  [[nodiscard]] std::span<StoredLine> lines(OrderIndex order);
  [[nodiscard]] std::span<const StoredLine> lines(OrderIndex order) const;
  [[nodiscard]] std::uint64_t units(OrderIndex order) const;

  [[nodiscard]] std::string_view buyer_text(BuyerIndex buyer) const;
  [[nodiscard]] std::string_view key_text(OrderIndex order) const;
  [[nodiscard]] std::string_view reference_text(OrderIndex order) const;

  /// kNoOrder, kNoBuyer when there is none.
  [[nodiscard]] OrderIndex find(const OrderKey& key) const;
  [[nodiscard]] OrderIndex find(BuyerIndex buyer, std::string_view idempotency_key) const;
  [[nodiscard]] BuyerIndex find_buyer(std::string_view buyer) const;
  /// The first order that arrived after `arrival`, size() when there is none.
  [[nodiscard]] OrderIndex first_after(Arrival arrival) const;

  /// Makes room in the indexes for so many orders, so that they do not grow in the rush: moving
  /// a million entries takes some ms, and everybody behind waits.
  void expect(std::uint64_t orders);

  /// Begins to bring near where that buyer is looked for and that order will be entered, while
  /// there is other work.
  void fetch(std::string_view buyer, const OrderKey& order) const;

  /// Enters an order as the last to arrive, in a state in which it has no units. Neither its key
  /// nor its idempotency key is in the book yet. A buyer not seen before has settled `line_ends`.
  OrderIndex add(const NewOrder& order, std::uint32_t line_ends);

  /// Puts the order into, takes it out of, its buyer's chain of those that count, units included.
  void count(OrderIndex order);
  void uncount(OrderIndex order);

 private:
  /// An idempotency key is looked for along its buyer's orders while they are so few, in a table
  /// afterwards: nearly all buyers have one order, and need no entry there.
  static constexpr std::uint8_t kFewOrders = 4;

  BuyerIndex intern(std::string_view buyer, std::uint32_t line_ends);
  void enter_idempotency_key(OrderIndex order);
  void count_order_of(BuyerIndex buyer);

  Blocks<StoredOrder, 256> orders_;
  Blocks<StoredBuyer, 256> buyers_;
  std::vector<StoredLine> more_lines_;
  Texts texts_;
  Index by_key_;
  Index by_buyer_;
  Index by_idempotency_;  ///< the keys of buyers with more than kFewOrders
};

}  // namespace dibs::sale

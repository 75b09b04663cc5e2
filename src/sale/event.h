#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "sale/order.h"
#include "sale/spec.h"

/// The facts of a sale. State is a fold over them: `Sale::replay` of all events from the first
/// gives the state that the commands gave. docs/formats/events.md holds the packed form.
namespace dibs::sale {

/// Which order a fact is about. Both names travel, so that a reader needs no index.
struct OrderRef {
  OrderKey key;
  Arrival arrival;

  friend bool operator==(const OrderRef&, const OrderRef&) = default;
};

struct Created {
  SaleSpec spec;  ///< with opens_at filled in
  friend bool operator==(const Created&, const Created&) = default;
};
struct Changed {
  SaleSpec spec;  ///< all of it, as it is from now on
  friend bool operator==(const Changed&, const Changed&) = default;
};
struct Opened {
  friend bool operator==(const Opened&, const Opened&) = default;
};
struct Paused {
  friend bool operator==(const Paused&, const Paused&) = default;
};
/// Deadlines move by `shift`. `restart`: the server was away; a sale that was paused still is, and
/// its shift is 0, since the end of the pause will cover that time.
struct Resumed {
  Duration shift{0};
  bool restart = false;
  friend bool operator==(const Resumed&, const Resumed&) = default;
};
struct Closed {
  friend bool operator==(const Closed&, const Closed&) = default;
};
struct StockChanged {
  SkuId sku;
  std::int64_t delta = 0;
  IdempotencyKey key;
  friend bool operator==(const StockChanged&, const StockChanged&) = default;
};
/// Everybody waiting for `sku` who arrived up to `upto` waits no more: they are `sold_out`, or
/// `closed` when `by_close`. Stands for one fact per order.
struct LineEnded {
  SkuId sku;
  Arrival upto;
  bool by_close = false;
  friend bool operator==(const LineEnded&, const LineEnded&) = default;
};
/// The line was full and refused the order that arrived as `refused`: it takes nobody until it
/// has reopened.
struct LineShut {
  SkuId sku;
  Arrival refused;
  friend bool operator==(const LineShut&, const LineShut&) = default;
};
/// A shut line has run empty with units left: newcomers are served again.
struct LineReopened {
  SkuId sku;
  friend bool operator==(const LineReopened&, const LineReopened&) = default;
};
struct Removed {
  friend bool operator==(const Removed&, const Removed&) = default;
};

using FileHash = std::array<std::uint8_t, 32>;
/// The sale is in a file of this SHA-256, up to the event before. Nothing follows.
struct Archived {
  FileHash file_hash{};
  friend bool operator==(const Archived&, const Archived&) = default;
};

/// A buy was accepted, as `held`, `waiting` or (nothing to pay) `paid`.
struct Accepted {
  OrderRef order;
  OrderState state = OrderState::held;
  Instant received;  ///< the receive time that ordered it
  BuyerId buyer;
  IdempotencyKey key;
  Reference reference;
  std::vector<OrderLine> lines;
  std::optional<Instant> expires_at;  ///< when held
  friend bool operator==(const Accepted&, const Accepted&) = default;
};
/// A waiting order got its units, as `held` or (nothing to pay) `paid`.
struct Promoted {
  OrderRef order;
  OrderState state = OrderState::held;
  std::optional<Instant> expires_at;
  friend bool operator==(const Promoted&, const Promoted&) = default;
};
/// `extends`: the hold has had its one extension from here on. (Without it the deadline is as it
/// was; old journals say it of every payment begun.)
struct Paying {
  OrderRef order;
  std::uint32_t attempt = 1;
  Instant expires_at;
  bool extends = false;
  friend bool operator==(const Paying&, const Paying&) = default;
};
/// A payment failed and attempts are left: the order is `held` again.
struct Declined {
  OrderRef order;
  friend bool operator==(const Declined&, const Declined&) = default;
};
/// `late`: the hold was gone, and its units were taken from those available.
struct Paid {
  OrderRef order;
  Money money = Money::captured;
  bool late = false;
  friend bool operator==(const Paid&, const Paid&) = default;
};
/// Only the money moved: captured, void or refunded.
struct MoneyMoved {
  OrderRef order;
  Money money = Money::captured;
  friend bool operator==(const MoneyMoved&, const MoneyMoved&) = default;
};
struct RefundDue {
  OrderRef order;
  friend bool operator==(const RefundDue&, const RefundDue&) = default;
};
/// Exactly this order's units went back. From `waiting` there were none to give.
struct Released {
  OrderRef order;
  Reason reason = Reason::cancelled;
  Money money = Money::none;
  friend bool operator==(const Released&, const Released&) = default;
};
/// The head of a line wanted more than can ever be left.
struct EndedSoldOut {
  OrderRef order;
  friend bool operator==(const EndedSoldOut&, const EndedSoldOut&) = default;
};

using Fact = std::variant<Created, Changed, Opened, Paused, Resumed, Closed, StockChanged,
                          LineEnded, LineShut, LineReopened, Removed, Accepted, Promoted, Paying,
                          Declined, Paid, MoneyMoved, RefundDue, Released, EndedSoldOut, Archived>;

struct Event {
  Seq seq;
  Instant at;  ///< the sale's time: never earlier than the event before
  std::string actor;
  Fact fact;

  friend bool operator==(const Event&, const Event&) = default;
};

/// The public name, `dibs.order.held` and so on (docs/formats/events.md lists them).
[[nodiscard]] std::string_view type_of(const Event& event);
/// The order a fact is about; nothing for a fact of the whole sale.
[[nodiscard]] std::optional<OrderRef> order_of(const Event& event);

/// Appends the packed form.
void encode(const Event& event, ByteWriter& out);
/// Reads one packed event; nothing, and `in.ok()` false, when the bytes are not one.
[[nodiscard]] std::optional<Event> decode(ByteReader& in);

}  // namespace dibs::sale

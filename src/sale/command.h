#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sale/event.h"
#include "sale/order.h"
#include "sale/spec.h"

/// The commands of a sale. Each is safe to repeat. Everything random or read from a clock comes in
/// with the command, so that applying it is deterministic.
namespace dibs::sale {

/// Creates the sale if it does not exist, else changes it. `present` says which members the caller
/// gave; in a change the others keep their values. After opening only the members that API.md
/// lists may differ, else `wrong_state`.
struct Put {
  enum Member : std::uint32_t {
    kTitle = 1U << 0U,
    kCurrency = 1U << 1U,
    kItems = 1U << 2U,
    kOpensAt = 1U << 3U,
    kClosesAt = 1U << 4U,
    kHoldSeconds = 1U << 5U,
    kPaymentSeconds = 1U << 6U,
    kPaymentAttempts = 1U << 7U,
    kPromotionSeconds = 1U << 8U,
    kLimitPerBuyer = 1U << 9U,
    kLineLimit = 1U << 10U,
    kPayment = 1U << 11U,
    kCheckoutUrl = 1U << 12U,
    kNotify = 1U << 13U,
    kPublicStock = 1U << 14U,
    kTest = 1U << 15U,
  };
  SaleSpec spec;
  std::uint32_t present = 0;
};
struct Pause {};
/// Goes on selling; every hold's deadline moves by the length of the pause.
struct Resume {};
/// The server was away for `downtime`: what was due before that happens, at its own time, then
/// every hold's deadline moves by it. Comes before any step, so that nobody's hold expires because
/// the server was away.
struct Restart {
  Duration downtime{0};
};
struct Close {};
/// Adds (or, negative, withdraws) units, not 0. `key` empty: not remembered.
struct Restock {
  SkuId sku;
  std::int64_t delta = 0;
  IdempotencyKey key;
};
/// Takes the sale away; only a test sale or one that never opened.
struct Remove {};
/// Ends the sale's life here: it is all in a file, and nothing of it is kept but its id, which is
/// never used again. Only of a closed sale in which nothing is open; `wrong_state` otherwise, and
/// when `seq` is not its last event.
struct Archive {
  Seq seq;             ///< the last event that the file holds
  FileHash file_hash;  ///< SHA-256 of the file
};

struct Buy {
  BuyerId buyer;
  IdempotencyKey key;  ///< empty: every request is a new one
  Reference reference;
  std::vector<OrderLine> lines;  ///< 1 to limits::kItemsPerOrder, sorted by SKU, no SKU twice
  OrderKey order;                ///< fresh random bits, used if the order is accepted
  Arrival arrival;               ///< the next number, used unless Outcome::arrival stays 0
};
/// held -> paying; keeps the units for at least payment_seconds more, once an order.
struct BeginPayment {
  OrderKey order;
};
/// The provider or the shop says the money is there: -> paid. `captured`: it is taken already
/// (else only authorised). When the hold is gone see DESIGN, "Payment"; the refusal is `too_late`.
struct PaymentSucceeded {
  OrderKey order;
  bool captured = false;
};
/// The payment failed: back to held while attempts are left, else released.
struct PaymentFailed {
  OrderKey order;
};
/// An authorised payment of a paid order was taken, or finally refused (-> released).
struct CaptureSettled {
  OrderKey order;
  bool captured = true;
};
/// The shop gives the units back, whatever attempts are left.
struct Release {
  OrderKey order;
  Reason reason = Reason::payment_failed;  ///< payment_failed or cancelled
};
/// The buyer leaves the line or gives the hold back.
struct Cancel {
  OrderKey order;
};
/// A paid order's money is to go back; `restock` also releases its units, in the same step.
struct Refund {
  OrderKey order;
  bool restock = false;
};
/// The money of a `refund_due` order went back.
struct RefundSettled {
  OrderKey order;
};

/// `actor` is the name of the operator who caused it, empty otherwise; it goes into every event.
/// `owner`: when given, an order of anyone else answers `unknown_order` and nothing changes, so
/// that whose order it is is decided in the same step as everything else.
struct Command {
  using Action = std::variant<Buy, BeginPayment, PaymentSucceeded, PaymentFailed, CaptureSettled,
                              Release, Cancel, Refund, RefundSettled, Put, Pause, Resume, Restart,
                              Close, Restock, Remove, Archive>;
  Action action;
  // The braces let `{.action = …}` leave these out without a warning.
  std::string actor{};  // NOLINT(readability-redundant-member-init)
  BuyerId owner{};      // NOLINT(readability-redundant-member-init)
};

}  // namespace dibs::sale

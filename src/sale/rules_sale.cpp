#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/limits.h"
#include "sale/mutant.h"
#include "sale/rules.h"

/// What operators do with a sale as a whole, and what happens to it by itself.
namespace dibs::sale {
namespace {

/// `spec` changed as `put` says.
SaleSpec changed(const SaleSpec& spec, const Put& put) {
  SaleSpec target = spec;
  const SaleSpec& given = put.spec;
  const auto present = [&put](Put::Member member) { return (put.present & member) != 0; };
  if (present(Put::kTitle)) target.title = given.title;
  if (present(Put::kCurrency)) target.currency = given.currency;
  if (present(Put::kItems)) target.items = given.items;
  if (present(Put::kOpensAt)) target.opens_at = given.opens_at;
  if (present(Put::kClosesAt)) target.closes_at = given.closes_at;
  if (present(Put::kHoldSeconds)) target.hold_seconds = given.hold_seconds;
  if (present(Put::kPaymentSeconds)) target.payment_seconds = given.payment_seconds;
  if (present(Put::kPaymentAttempts)) target.payment_attempts = given.payment_attempts;
  if (present(Put::kPromotionSeconds)) target.promotion_seconds = given.promotion_seconds;
  if (present(Put::kLimitPerBuyer)) target.limit_per_buyer = given.limit_per_buyer;
  if (present(Put::kLineLimit)) target.line_limit = given.line_limit;
  if (present(Put::kPayment)) target.payment = given.payment;
  if (present(Put::kCheckoutUrl)) target.checkout_url = given.checkout_url;
  if (present(Put::kNotify)) target.notify_url = given.notify_url;
  if (present(Put::kPublicStock)) target.public_stock_hidden = given.public_stock_hidden;
  if (present(Put::kTest)) target.test = given.test;
  return target;
}

/// The first member, as named on the wire, that may no longer differ; empty when all may.
std::string_view frozen_member(const SaleSpec& now, const SaleSpec& target, bool closed) {
  if (target.currency != now.currency) return "currency";
  if (target.items != now.items) return "items";
  if (target.opens_at != now.opens_at) return "opens_at";
  if (target.limit_per_buyer != now.limit_per_buyer) return "limit_per_buyer";
  if (target.payment != now.payment) return "payment";
  if (target.checkout_url != now.checkout_url) return "checkout_url";
  if (target.public_stock_hidden != now.public_stock_hidden) return "public_stock";
  if (target.test != now.test) return "test";
  if (!closed) return {};
  if (target.closes_at != now.closes_at) return "closes_at";
  if (target.hold_seconds != now.hold_seconds) return "hold_seconds";
  if (target.payment_seconds != now.payment_seconds) return "payment_seconds";
  if (target.payment_attempts != now.payment_attempts) return "payment_attempts";
  if (target.promotion_seconds != now.promotion_seconds) return "promotion_seconds";
  if (target.line_limit != now.line_limit) return "line_limit";
  return {};
}

/// "At once" as a time that the API can show and take back: it speaks in milliseconds.
Instant at_once(Instant now) { return std::chrono::floor<std::chrono::milliseconds>(now); }

/// Whether a sale that opens now has closed already.
bool is_over(const SaleSpec& spec) { return spec.closes_at && *spec.closes_at <= *spec.opens_at; }
constexpr const char* kIsOver = "closes_at must be after opens_at; opens_at null is now.";

}  // namespace

Outcome Rules::decide(const Put& put) {
  if (state_.archived) {
    return refuse(Code::wrong_state,
                  "A sale of this id was sold and archived; its id cannot be used again.");
  }
  if (!state_.exists()) return create(put);
  return change(changed(*state_.spec, put));
}

Outcome Rules::create(const Put& put) {
  if (auto problem = problem_of(put.spec)) return refuse(Code::malformed, *std::move(problem));
  SaleSpec spec = put.spec;
  if (!spec.opens_at) {
    spec.opens_at = at_once(at_);
    if (is_over(spec)) return refuse(Code::malformed, kIsOver);
  }
  const bool opens_now = *spec.opens_at <= at_;
  record(Created{std::move(spec)});
  if (opens_now) record(Opened{});
  Outcome outcome = refuse(Code::ok);
  outcome.created = true;
  return outcome;
}

Outcome Rules::change(SaleSpec target) {
  // No opening time means at once; once it is open, that has been fulfilled.
  const bool opens_now = !target.opens_at && !state_.opened;
  if (!target.opens_at) target.opens_at = state_.opened ? state_.spec->opens_at : at_once(at_);
  if (auto problem = problem_of(target)) return refuse(Code::malformed, *std::move(problem));
  if (opens_now && is_over(target)) return refuse(Code::malformed, kIsOver);
  if (target == *state_.spec) return refuse(Code::ok);
  if (state_.opened || state_.closed) {
    const auto member = frozen_member(*state_.spec, target, state_.closed);
    if (!member.empty()) {
      return refuse(Code::wrong_state, std::string(member) + " can no longer change: the sale " +
                                           (state_.closed ? "is closed." : "has opened."));
    }
  }
  record(Changed{std::move(target)});
  if (!state_.opened && !state_.closed && *state_.spec->opens_at <= at_) record(Opened{});
  serve_lines(limits::kOrdersPerStep);
  return refuse(Code::ok);
}

Outcome Rules::decide(const Pause&) {
  if (state_.closed) return refuse(Code::wrong_state, "The sale is closed.");
  if (!state_.paused) record(Paused{});
  return refuse(Code::ok);
}

Outcome Rules::decide(const Resume&) {
  if (state_.closed) return refuse(Code::wrong_state, "The sale is closed.");
  if (!state_.paused) return refuse(Code::ok);
  const bool forgets = planted(Mutant::resume_moves_no_deadline);
  record(Resumed{forgets ? Duration::zero() : at_ - state_.paused_at, false});
  return refuse(Code::ok);
}

/// The server was there at the last event, so it cannot have been away for longer than since then.
/// What was due before it went away comes first, or it would depend on how prompt the sweeper was.
/// In a pause deadlines stand still anyway; the event, with no shift, still says that what became
/// due meanwhile happens now: a sale that closes in the downtime ends its pause now, not before.
Outcome Rules::decide(const Restart& restart) {
  const Duration downtime =
      std::clamp(restart.downtime, Duration::zero(), Duration(at_ - state_.last_at));
  catch_up(at_ - downtime);
  const bool concerns_nobody = state_.holds.empty() && state_.waiting == 0;
  if (downtime == Duration::zero() || concerns_nobody) return refuse(Code::ok);
  record(Resumed{state_.paused ? Duration::zero() : downtime, true});
  return refuse(Code::ok);
}

Outcome Rules::decide(const Close&) {
  if (!state_.closed) close();
  return refuse(Code::ok);
}

/// A pause ends with the sale, or its holds would stand for ever.
void Rules::close() {
  if (state_.paused) record(Resumed{at_ - state_.paused_at, false});
  for (std::size_t i = 0; i < state_.items.size(); ++i) {
    const Line& line = state_.items[i].line;
    if (line.empty()) continue;
    record(LineEnded{state_.spec->items[i].sku, state_.book.at(line.tail()).arrival, true});
  }
  record(Closed{});
  serve_lines(limits::kOrdersPerStep);
}

Outcome Rules::decide(const Restock& restock) {
  if (restock.delta == 0) return refuse(Code::malformed, "delta: must not be 0.");
  const ItemIndex index = state_.find_item(restock.sku.view());
  if (index == kNoItem) return refuse(Code::unknown_sku);
  const bool key_is_bad = !restock.key.empty() && !is_short_visible_text(restock.key.view());
  if (key_is_bad) {
    return refuse(Code::malformed, "The idempotency key is not 1 to 64 visible ASCII characters.");
  }
  const auto earlier = state_.restocks.find(restock.key.view());
  if (earlier != state_.restocks.end()) {
    const bool same = earlier->second.sku == restock.sku && earlier->second.delta == restock.delta;
    if (!same) return refuse(Code::idempotency_mismatch);
    Outcome outcome = refuse(Code::ok);
    outcome.replayed = true;
    return outcome;
  }
  if (state_.closed) return refuse(Code::closed);

  // Each bound as a difference of figures that are in bounds: a sum could overflow.
  const Item& item = state_.items[index];
  if (restock.delta < -item.available) {
    return refuse(Code::wrong_state,
                  "More would be withdrawn than is available: the rest is held or sold.");
  }
  if (restock.delta > limits::kStock - item.total) {
    return refuse(Code::wrong_state, "The item would have more than 10,000,000 units.");
  }
  record(StockChanged{restock.sku, restock.delta, restock.key});
  serve_lines(limits::kOrdersPerStep);
  return refuse(Code::ok);
}

Outcome Rules::decide(const Remove&) {
  if (state_.opened && !state_.spec->test) {
    return refuse(Code::wrong_state, "Only a test sale or one that never opened can be removed.");
  }
  record(Removed{});
  return refuse(Code::ok);
}

Outcome Rules::decide(const Archive& archive) {
  if (!state_.closed) return refuse(Code::wrong_state, "The sale is not closed.");
  if (const std::uint64_t open = open_orders(state_); open > 0) {
    return refuse(Code::wrong_state,
                  std::to_string(open) +
                      " of its orders are open: waiting, held, paying, authorised and not "
                      "captured, or due for a refund.");
  }
  if (archive.seq != state_.seq) {
    return refuse(Code::wrong_state, "The sale has changed since the file was written.");
  }
  record(Archived{archive.file_hash});
  return refuse(Code::ok);
}

}  // namespace dibs::sale

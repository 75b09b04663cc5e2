#include <algorithm>
#include <array>
#include <span>

#include "base/assert.h"
#include "base/limits.h"
#include "sale/mutant.h"
#include "sale/rules.h"
#include "sale/views.h"

/// Buying. The checks stand in the order of precedence that codes.h gives.
namespace dibs::sale {

/// The lines of a buy, with what the sale knows about them.
struct Rules::Wanted {
  std::array<StoredLine, limits::kItemsPerOrder> storage;
  std::size_t count = 0;
  std::uint64_t units = 0;
  std::int64_t amount = 0;

  [[nodiscard]] std::span<const StoredLine> lines() const {
    return std::span(storage).first(count);
  }

  /// False when an SKU is not of this sale.
  bool resolve(const State& state, const Buy& buy) {
    for (const OrderLine& line : buy.lines) {
      const ItemIndex item = state.find_item(line.sku.view());
      if (item == kNoItem) return false;
      storage.at(count++) = StoredLine{item, static_cast<std::uint16_t>(line.quantity), 0};
      units += line.quantity;
      amount += state.item_spec(item).price * line.quantity;
    }
    return true;
  }

  [[nodiscard]] bool same_as(std::span<const StoredLine> others) const {
    return std::ranges::equal(lines(), others, [](const StoredLine& a, const StoredLine& b) {
      return a.item == b.item && a.quantity == b.quantity;
    });
  }

  /// Enough units and nobody waiting, in every line. A shut line has somebody or no units.
  [[nodiscard]] bool can_be_held(const State& state) const {
    return std::ranges::all_of(lines(), [&state](const StoredLine& line) {
      const Item& item = state.items[line.item];
      const bool nobody_waits = item.line.empty() || planted(Mutant::newcomer_passes_line);
      return nobody_waits && line.quantity <= item.available;
    });
  }

  /// Every line can ever serve it and takes newcomers, as far as the line itself goes.
  [[nodiscard]] bool may_wait(const State& state) const {
    return std::ranges::all_of(lines(), [&state](const StoredLine& line) {
      const Item& item = state.items[line.item];
      const bool shut = item.shut && !planted(Mutant::shut_line_reopens_early);
      return !shut && line.quantity <= item.can_ever_be_left();
    });
  }
};

Outcome Rules::decide(const Buy& buy) {
  if (auto objection = objection_to(buy)) return refuse(Code::malformed, *std::move(objection));
  Wanted wanted;
  if (!wanted.resolve(state_, buy)) return refuse(Code::unknown_sku);
  if (wanted.amount > limits::kAmount) {
    return refuse(Code::malformed, "The order's amount is above 2^53 - 1.");
  }

  const BuyerIndex buyer = state_.book.find_buyer(buy.buyer.view());
  const OrderIndex earlier = buyer == kNoBuyer ? kNoOrder : state_.book.find(buyer, buy.key.view());
  if (earlier != kNoOrder && wanted.same_as(state_.book.lines(earlier))) {
    Outcome outcome = done(earlier);
    outcome.replayed = true;
    return outcome;
  }

  const auto refuse_numbered = [&](Code code) {
    Outcome outcome = refuse(code);
    outcome.arrival = buy.arrival;
    return outcome;
  };
  if (earlier != kNoOrder) return refuse_numbered(Code::idempotency_mismatch);
  if (state_.closed) return refuse_numbered(Code::closed);
  if (state_.paused) return refuse_numbered(Code::paused);
  if (!state_.opened) {
    Outcome outcome = refuse_numbered(Code::not_open);
    outcome.opens_at = state_.spec->opens_at;
    return outcome;
  }
  if (!allowance_permits(buyer, wanted.units)) {
    Outcome outcome = refuse_numbered(Code::limit_reached);
    outcome.live_orders = live_orders_of(state_, id_, buyer);
    return outcome;
  }

  if (wanted.can_be_held(state_)) return accept(buy, wanted, OrderState::held);
  if (state_.line_limit == 0 || !wanted.may_wait(state_)) return refuse_numbered(Code::sold_out);
  if (state_.waiting < state_.line_limit) return accept(buy, wanted, OrderState::waiting);
  shut_lines(buy, wanted);
  return refuse_numbered(Code::sold_out);
}

/// What the caller should have refused already, and must not come into an event.
std::optional<std::string> Rules::objection_to(const Buy& buy) const {
  if (!is_buyer_id(buy.buyer.view())) return "The buyer's id is not one.";
  if (!buy.key.empty() && !is_short_visible_text(buy.key.view())) {
    return "The idempotency key is not 1 to 64 visible ASCII characters.";
  }
  if (!buy.reference.empty() && !is_short_visible_text(buy.reference.view())) {
    return "The reference is not 1 to 64 visible ASCII characters.";
  }
  if (buy.lines.empty() || buy.lines.size() > limits::kItemsPerOrder) {
    return "An order has 1 to 16 items.";
  }
  for (std::size_t i = 0; i < buy.lines.size(); ++i) {
    const std::uint32_t quantity = buy.lines[i].quantity;
    if (quantity < 1 || quantity > limits::kQuantity) return "A quantity is 1 to 1,000.";
    if (i > 0 && !(buy.lines[i - 1].sku < buy.lines[i].sku)) return "An SKU is named twice.";
  }
  return std::nullopt;
}

bool Rules::allowance_permits(BuyerIndex buyer, std::uint64_t units) {
  const std::uint64_t limit = state_.spec->limit_per_buyer;
  if (buyer == kNoBuyer) return units <= limit;
  state_.settle(buyer);
  std::uint64_t counted = state_.book.buyer(buyer).units;
  if (planted(Mutant::allowance_never_returns)) {
    counted = 0;
    for (OrderIndex o = state_.book.buyer(buyer).newest; o != kNoOrder; o = state_.book.at(o).older)
      counted += state_.book.units(o);
  }
  return units <= limit && counted <= limit - units;
}

Outcome Rules::accept(const Buy& buy, const Wanted& wanted, OrderState state) {
  DIBS_ASSERT(buy.arrival.value() > 0);
  Accepted& fact = begin_accepted();
  fact.order = {buy.order, buy.arrival};
  fact.state = state;
  fact.received = received_;
  fact.buyer = buy.buyer;
  fact.key = buy.key;
  fact.reference = buy.reference;
  fact.lines = buy.lines;
  for (std::size_t i = 0; i < fact.lines.size(); ++i) {
    fact.lines[i].price = state_.item_spec(wanted.lines()[i].item).price;
  }
  if (state == OrderState::held && state_.spec->payment == PaymentMode::none) {
    fact.state = OrderState::paid;
  }
  if (fact.state == OrderState::held) {
    fact.expires_at = deadline_after(state_.spec->hold_seconds);
  }
  take_in(out_.back());
  serve_lines(limits::kOrdersPerStep);

  Outcome outcome = done(state_.book.size() - 1);
  outcome.arrival = buy.arrival;
  return outcome;
}

/// Somebody was refused because the line was full: nobody may be let in past them. A line in
/// which nobody waits and units are free reopens at once; both facts are recorded, since whoever
/// comes next is served and no comparison may cross that.
void Rules::shut_lines(const Buy& buy, const Wanted& wanted) {
  for (const StoredLine& line : wanted.lines()) {
    const Item& item = state_.items[line.item];
    if (item.shut) continue;
    const bool would_reopen = item.line.empty() && item.available > 0;
    if (would_reopen && planted(Mutant::reopening_is_not_told)) continue;
    record(LineShut{state_.item_spec(line.item).sku, buy.arrival});
  }
  serve_lines(limits::kOrdersPerStep);
}

}  // namespace dibs::sale

#include "sale/laws.h"

#include <algorithm>

#include "base/assert.h"
#include "sale/mutant.h"

namespace dibs::sale {
namespace {

struct Counted {
  std::int64_t held = 0;
  std::int64_t sold = 0;
  std::int64_t uncaptured = 0;
  std::vector<OrderIndex> line;
};

class Recount {
 public:
  explicit Recount(const State& state) : state_(state), items_(state.items.size()) {}

  std::vector<std::string> run() {
    if (!state_.exists()) return {};
    std::vector<std::uint64_t> units(state_.book.buyers());
    for (OrderIndex order = 0; order < state_.book.size(); ++order) count(order, units);
    compare_items();
    compare_buyers(units);
    compare("orders waiting", state_.waiting, waiting_);
    compare("orders holding units", state_.holds.size(), holding_);
    compare("the last winner", state_.winners.last(), last_winner_);
    return std::move(differences_);
  }

 private:
  void count(OrderIndex order, std::vector<std::uint64_t>& units) {
    const StoredOrder& o = state_.book.at(order);
    const OrderState state = state_.state_of(order);
    if (order > 0 && !(state_.book.at(order - 1).arrival < o.arrival)) {
      differ("order " + std::to_string(order) + " does not arrive after the one before it");
    }
    for (const StoredLine& line : state_.book.lines(order)) {
      Counted& item = items_[line.item];
      if (state == OrderState::held || state == OrderState::paying) item.held += line.quantity;
      if (state == OrderState::paid) item.sold += line.quantity;
      if (is_uncaptured(state, o.money)) item.uncaptured += line.quantity;
      if (state == OrderState::waiting) item.line.push_back(order);
    }
    // A buyer is settled when next looked at; what is stored still counts until then.
    if (counts(o.state, o.money)) units[o.buyer] += state_.book.units(order);
    waiting_ += state == OrderState::waiting ? 1 : 0;
    holding_ += state == OrderState::held || state == OrderState::paying ? 1 : 0;
    if (state == OrderState::paid) last_winner_ = order;
  }

  void compare_items() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Item& item = state_.items[i];
      const ItemSpec& spec = state_.spec->items[i];
      const std::string of = " of " + spec.sku.value();
      compare("units in total" + of, item.total, spec.stock + item.restocked);
      compare("units held" + of, item.held, items_[i].held);
      compare("units sold" + of, item.sold, items_[i].sold);
      compare("units not captured" + of, item.uncaptured, items_[i].uncaptured);
      compare("units available" + of, item.available, item.total - item.held - item.sold);
      if (item.available < 0) differ("fewer than 0 units are available" + of);
      if (item.line.orders() != items_[i].line) differ("the line" + of + " is not those waiting");
      if (item.shut && item.line.empty() && item.available > 0 && !item.touched) {
        differ("the line" + of + " is shut although nobody waits and units are free");
      }
    }
  }

  void compare_buyers(const std::vector<std::uint64_t>& units) {
    for (BuyerIndex buyer = 0; buyer < units.size(); ++buyer) {
      if (state_.book.buyer(buyer).units == units[buyer] &&
          units[buyer] <= state_.spec->limit_per_buyer) {
        continue;
      }
      differ("units of buyer " + std::string(state_.book.buyer_text(buyer)) + ": " +
             std::to_string(state_.book.buyer(buyer).units) + " kept, " +
             std::to_string(units[buyer]) + " counted, limit " +
             std::to_string(state_.spec->limit_per_buyer));
    }
  }

  template <class Kept, class Found>
  void compare(const std::string& what, Kept kept, Found found) {
    if (std::cmp_equal(kept, found)) return;
    differ(what + ": " + std::to_string(kept) + " kept, " + std::to_string(found) + " counted");
  }

  void differ(std::string what) { differences_.push_back(std::move(what)); }

  const State& state_;
  std::vector<Counted> items_;
  std::uint64_t waiting_ = 0;
  std::uint64_t holding_ = 0;
  OrderIndex last_winner_ = kNoOrder;
  std::vector<std::string> differences_;
};

/// Of an order that has just got units, or a place in the line.
void assert_fair(const State& state, OrderIndex order) {
  const StoredOrder& o = state.book.at(order);
  DIBS_ASSERT(state.units_of(o.buyer) <= state.spec->limit_per_buyer);
  if (o.state == OrderState::waiting) return;
  for (const StoredLine& line : state.book.lines(order)) {
    const Line& in_line = state.items[line.item].line;
    DIBS_ASSERT(in_line.empty() || in_line.head() > order);
  }
}

}  // namespace

void assert_laws(const State& state, const Event& event) {
  // With a planted bug it is the checkers of the tests that must find it, not these.
  if constexpr (kMutantsPossible) return;
  for (const ItemIndex index : state.touched) {
    const Item& item = state.items[index];
    DIBS_ASSERT(item.available >= 0);
    DIBS_ASSERT(item.held >= 0);
    DIBS_ASSERT(item.sold >= 0);
    DIBS_ASSERT(item.available + item.held + item.sold == item.total);
    DIBS_ASSERT(item.line.empty() || item.line.head() <= item.line.tail());
  }
  if (std::holds_alternative<Accepted>(event.fact)) {
    assert_fair(state, state.book.size() - 1);
  } else if (const auto* promoted = std::get_if<Promoted>(&event.fact)) {
    assert_fair(state, state.book.find(promoted->order.key));
  } else if (const auto* paid = std::get_if<Paid>(&event.fact); paid != nullptr && paid->late) {
    assert_fair(state, state.book.find(paid->order.key));
  }
}

std::vector<std::string> recount(const State& state) { return Recount(state).run(); }

}  // namespace dibs::sale

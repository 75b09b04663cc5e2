#include "sale/sale.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sale/fold.h"
#include "sale/hash.h"
#include "sale/laws.h"
#include "sale/rules.h"
#include "sale/snapshot.h"
#include "sale/state.h"
#include "sale/views.h"

namespace dibs::sale {

std::string_view to_text(SaleState state) {
  switch (state) {
    case SaleState::scheduled:
      return "scheduled";
    case SaleState::open:
      return "open";
    case SaleState::paused:
      return "paused";
    case SaleState::closed:
      return "closed";
  }
  return {};
}

bool SaleView::sold_out() const {
  return std::ranges::all_of(
      items, [](const ItemView& item) { return item.available == 0 && item.held == 0; });
}

struct Sale::Impl {
  SaleId id;
  State state;
};

Sale::Sale(SaleId id) : impl_(std::make_unique<Impl>()) { impl_->id = std::move(id); }
Sale::Sale(Sale&&) noexcept = default;
Sale& Sale::operator=(Sale&&) noexcept = default;
Sale::~Sale() = default;

bool Sale::exists() const { return impl_->state.exists(); }
bool Sale::archived() const { return impl_->state.archived; }

bool Sale::due(Instant now) const {
  return anything_due(impl_->state, std::max(now, impl_->state.last_at));
}

std::optional<Instant> Sale::next_due() const {
  const State& state = impl_->state;
  if (anything_to_serve(state)) return state.last_at;
  const auto deed = next_deed(state);
  if (!deed) return std::nullopt;
  return std::max(deed->at, state.last_at);
}

void Sale::step(Instant now, std::vector<Event>& out) {
  Rules(impl_->id, impl_->state, now, out).step();
}

void Sale::fetch(const Command& command) const {
  const auto* buy = std::get_if<Buy>(&command.action);
  if (buy != nullptr) impl_->state.book.fetch(buy->buyer.view(), buy->order);
}

Outcome Sale::apply(const Command& command, Instant now, std::vector<Event>& out) {
  DIBS_ASSERT(std::holds_alternative<Restart>(command.action) || !due(now));
  return Rules(impl_->id, impl_->state, now, out).apply(command);
}

Result<void> Sale::replay(const Event& event) {
  const std::string_view why = objection(impl_->state, event);
  if (!why.empty()) {
    return fault(FaultKind::corrupt,
                 "Event " + std::to_string(event.seq.value()) + " of sale " + impl_->id.value() +
                     " cannot follow event " + std::to_string(impl_->state.seq.value()) + ": " +
                     std::string(why),
                 "Run `dibs journal verify` on the data directory.");
  }
  fold(impl_->state, event);
  return {};
}

SaleView Sale::view() const { return view_of(impl_->state, impl_->id); }

std::optional<OrderView> Sale::find(const OrderKey& order) const {
  const OrderIndex index = impl_->state.book.find(order);
  if (index == kNoOrder) return std::nullopt;
  return view_of(impl_->state, impl_->id, index);
}

std::vector<OrderView> Sale::live_orders(const BuyerId& buyer) const {
  return live_orders_of(impl_->state, impl_->id, impl_->state.book.find_buyer(buyer.view()));
}

std::vector<OrderView> Sale::orders(const OrderFilter& filter) const {
  return orders_of(impl_->state, impl_->id, filter);
}

void Sale::save(std::string& out) const { save_state(impl_->state, out); }

Result<Sale> Sale::load(SaleId id, std::string_view bytes) {
  Sale sale(std::move(id));
  const std::string why = load_state(bytes, sale.impl_->state);
  if (why.empty()) return sale;
  return fault(FaultKind::corrupt,
               "The snapshot of sale " + sale.impl_->id.value() + " is not one: " + why,
               "Start from an older snapshot; the journal holds what came after it.");
}

std::uint64_t Sale::state_hash() const {
  std::string bytes;
  save(bytes);
  return hash64(bytes);
}

std::vector<std::string> Sale::recount() const { return sale::recount(impl_->state); }

}  // namespace dibs::sale

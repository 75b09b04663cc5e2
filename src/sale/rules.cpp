#include "sale/rules.h"

#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "sale/fold.h"
#include "sale/laws.h"
#include "sale/mutant.h"
#include "sale/views.h"

namespace dibs::sale {
namespace {

constexpr Duration kLazySweep = std::chrono::seconds(30);  // of the planted bug only

Instant expiry_of(const State& state) {
  const Instant deadline = state.expires_at(state.holds.first());
  return planted(Mutant::lazy_sweeper) ? deadline + kLazySweep : deadline;
}

}  // namespace

std::optional<Deed> next_deed(const State& state) {
  if (!state.exists()) return std::nullopt;
  std::optional<Deed> next;
  const auto consider = [&next](Instant at, Deed::Kind kind) {
    const bool sooner = !next || at < next->at;
    const bool as_soon = next && at == next->at && planted(Mutant::closing_comes_last);
    if (sooner || as_soon) next = Deed{at, kind};
  };
  const bool selling = !state.closed;
  if (selling && !state.opened) consider(*state.spec->opens_at, Deed::Kind::open);
  if (selling && state.spec->closes_at) consider(*state.spec->closes_at, Deed::Kind::close);
  if (!state.paused && !state.holds.empty()) consider(expiry_of(state), Deed::Kind::expire);
  return next;
}

bool anything_due(const State& state, Instant now) {
  if (anything_to_serve(state)) return true;
  const auto deed = next_deed(state);
  return deed && deed->at <= now;
}

/// Leftovers of the step before come first, at the time and in the name of the event that left
/// them: it was the last one. Then deeds in the order of their own moments: what an expiry brings
/// about happens before the next deed, and is timed by that deadline, so it does not matter when
/// somebody comes to do it.
void Rules::step() {
  const Instant now = at_;
  int budget = limits::kOrdersPerStep;
  at_ = state_.last_at;
  actor_ = state_.last_actor;
  budget -= serve_lines(budget);
  actor_.clear();
  while (budget > 0) {
    const auto deed = next_deed(state_);
    if (!deed || deed->at > now) return;
    at_ = std::max(planted(Mutant::expiry_timed_by_sweeper) ? now : deed->at, state_.last_at);
    do_deed(*deed);
    budget -= 1;
    budget -= serve_lines(budget);
  }
}

/// Does everything that was due at `then`, in the name of nobody.
void Rules::catch_up(Instant then) {
  if (planted(Mutant::restart_forgets_what_was_due)) return;
  const Instant now = std::exchange(at_, then);
  const std::string actor = std::exchange(actor_, {});
  while (anything_due(state_, then)) {
    at_ = then;
    step();
  }
  at_ = now;
  actor_ = actor;
}

void Rules::do_deed(const Deed& deed) {
  switch (deed.kind) {
    case Deed::Kind::open:
      return record(Opened{});
    case Deed::Kind::close:
      return close();
    case Deed::Kind::expire:
      if (planted(Mutant::unbounded_step)) return release(state_.holds.first(), Reason::expired);
      // Not by release(), which would promote with a budget of its own: step() does that.
      return record(Released{ref(state_.holds.first()), Reason::expired, Money::none});
  }
}

/// Whether the command is on an order that its owner does not own. One that does not exist is
/// nobody's: the decision itself says so.
bool Rules::is_somebody_elses(const Command& command) const {
  if (command.owner.empty() || planted(Mutant::owner_is_not_asked)) return false;
  const auto order = std::visit(
      [this]<class Action>(const Action& action) {
        if constexpr (requires { action.order; } && !std::is_same_v<Action, Buy>) {
          return state_.book.find(action.order);
        } else {
          return kNoOrder;
        }
      },
      command.action);
  return order != kNoOrder &&
         state_.book.buyer_text(state_.book.at(order).buyer) != command.owner.view();
}

Outcome Rules::apply(const Command& command) {
  actor_ = command.actor;
  const bool creates = std::holds_alternative<Put>(command.action);
  if (!state_.exists() && !creates) return refuse(Code::unknown_sale);
  if (is_somebody_elses(command)) return refuse(Code::unknown_order);
  return std::visit([this](const auto& action) { return decide(action); }, command.action);
}

/// The only way to change anything: number the fact, time it, fold it in, hold it against the laws,
/// hand it out.
void Rules::record(Fact fact) {
  take_in(out_.emplace_back(state_.seq.next(), at_, actor_, std::move(fact)));
}

Accepted& Rules::begin_accepted() {
  return std::get<Accepted>(out_.emplace_back(state_.seq.next(), at_, actor_, Accepted{}).fact);
}

void Rules::take_in(const Event& event) {
  fold(state_, event);
  assert_laws(state_, event);
}

/// Deadlines are made on the sale's clock: in a pause it stands where the pause began, and what
/// remains is counted from the end of it.
Instant Rules::deadline_after(std::int64_t seconds) const {
  return (state_.paused ? state_.paused_at : at_) + std::chrono::seconds(seconds);
}

OrderRef Rules::ref(OrderIndex order) const {
  return {state_.book.at(order).key, state_.book.at(order).arrival};
}

Outcome Rules::refuse(Code code, std::string detail) const {
  Outcome outcome;
  outcome.code = code;
  outcome.now = at_;
  outcome.detail = std::move(detail);
  return outcome;
}

Outcome Rules::refuse(Code code, OrderIndex order, std::string detail) const {
  Outcome outcome = refuse(code, std::move(detail));
  outcome.order = view_of(state_, id_, order);
  return outcome;
}

Outcome Rules::done(OrderIndex order) const { return refuse(Code::ok, order); }

}  // namespace dibs::sale

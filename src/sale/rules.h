#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sale/command.h"
#include "sale/event.h"
#include "sale/sale.h"
#include "sale/state.h"

namespace dibs::sale {

/// What must happen by itself at a moment of its own.
struct Deed {
  enum class Kind : std::uint8_t { open, close, expire };  ///< in this order at the same moment
  Instant at;
  Kind kind = Kind::open;
};
/// The earliest one, however far away.
[[nodiscard]] std::optional<Deed> next_deed(const State& state);
/// Whether a deed or a line must be seen to at `now`, before any other command.
[[nodiscard]] bool anything_due(const State& state, Instant now);

/// What the line of an item needs done now.
struct Service {
  enum class Kind : std::uint8_t { reopen, end_line, end_head, promote_head };
  Kind kind = Kind::reopen;
  ItemIndex item = 0;
  OrderIndex head = kNoOrder;
};
/// What the line of `item` needs, if anything.
[[nodiscard]] std::optional<Service> service_of(const State& state, ItemIndex item);
/// Whether any touched line needs something.
[[nodiscard]] bool anything_to_serve(const State& state);

/// Decides what a command, or a moment, comes to. Reads the state; changes it only through
/// `record`. One object a command.
class Rules {
 public:
  /// `received` is the command's own receive time; it is decided at max(received, last event).
  Rules(const SaleId& id, State& state, Instant received, std::vector<Event>& out)
      : id_(id),
        state_(state),
        received_(received),
        at_(std::max(received, state.last_at)),
        out_(out) {}

  [[nodiscard]] Outcome apply(const Command& command);
  void step();

 private:
  struct Wanted;

  // rules_buy.cpp
  Outcome decide(const Buy& buy);
  Outcome accept(const Buy& buy, const Wanted& wanted, OrderState state);
  void shut_lines(const Buy& buy, const Wanted& wanted);
  [[nodiscard]] std::optional<std::string> objection_to(const Buy& buy) const;
  [[nodiscard]] bool allowance_permits(BuyerIndex buyer, std::uint64_t units);

  // rules_payment.cpp
  Outcome decide(const BeginPayment& command);
  Outcome decide(const PaymentSucceeded& command);
  Outcome decide(const PaymentFailed& command);
  Outcome decide(const CaptureSettled& command);
  Outcome decide(const Release& command);
  Outcome decide(const Cancel& command);
  Outcome decide(const Refund& command);
  Outcome decide(const RefundSettled& command);
  Outcome succeed_late(OrderIndex order, bool captured);
  [[nodiscard]] bool can_be_taken_late(OrderIndex order);
  void release(OrderIndex order, Reason reason, Money money = Money::none);

  // rules_sale.cpp
  Outcome decide(const Put& put);
  Outcome create(const Put& put);
  Outcome change(SaleSpec target);
  Outcome decide(const Pause& command);
  Outcome decide(const Resume& command);
  Outcome decide(const Restart& restart);
  Outcome decide(const Close& command);
  Outcome decide(const Restock& restock);
  Outcome decide(const Remove& command);
  Outcome decide(const Archive& archive);
  void close();

  // rules_line.cpp
  int serve_lines(int budget);
  std::optional<Service> take_service();
  void serve(const Service& service);
  void promote(OrderIndex order);

  // rules.cpp
  [[nodiscard]] bool is_somebody_elses(const Command& command) const;
  void record(Fact fact);
  /// `record` in two steps, the most frequent fact filled in where it stays: begun, it is the last
  /// event of `out_`, and is taken in before anything else happens.
  [[nodiscard]] Accepted& begin_accepted();
  void take_in(const Event& event);
  void do_deed(const Deed& deed);
  void catch_up(Instant then);
  [[nodiscard]] Instant deadline_after(std::int64_t seconds) const;
  [[nodiscard]] OrderRef ref(OrderIndex order) const;
  [[nodiscard]] Outcome refuse(Code code, std::string detail = {}) const;
  [[nodiscard]] Outcome refuse(Code code, OrderIndex order, std::string detail = {}) const;
  [[nodiscard]] Outcome done(OrderIndex order) const;

  const SaleId& id_;
  State& state_;
  Instant received_;
  Instant at_;
  std::string actor_;
  std::vector<Event>& out_;
};

}  // namespace dibs::sale

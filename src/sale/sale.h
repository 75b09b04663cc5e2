#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "sale/codes.h"
#include "sale/command.h"
#include "sale/event.h"
#include "sale/order.h"
#include "sale/spec.h"

namespace dibs::sale {

enum class SaleState : std::uint8_t { scheduled, open, paused, closed };
[[nodiscard]] std::string_view to_text(SaleState state);

/// The figures of one item. total = available + held + sold, always.
struct ItemView {
  std::int64_t total = 0;
  std::int64_t available = 0;
  std::int64_t held = 0;  ///< held or paying
  std::int64_t sold = 0;
  std::uint64_t waiting = 0;       ///< orders in this item's line
  std::optional<Place> head;       ///< the place now at the head of the line
  std::uint64_t places_given = 0;  ///< orders that ever joined the line
  bool shut = false;               ///< the line takes nobody

  friend bool operator==(const ItemView&, const ItemView&) = default;
};

/// A sale as seen from outside, a copy. `items` stand in the order of `spec->items`.
struct SaleView {
  SaleId id;
  std::shared_ptr<const SaleSpec> spec;
  SaleState state = SaleState::scheduled;
  bool ever_opened = false;
  Seq seq;
  std::vector<ItemView> items;
  std::uint64_t waiting = 0;           ///< orders waiting in the sale
  std::uint64_t orders = 0;            ///< orders ever accepted
  Arrival last_winner_arrival;         ///< highest arrival of a paid order, 0: none
  std::optional<Instant> oldest_hold;  ///< earliest deadline of all holds

  [[nodiscard]] bool sold_out() const;
};

/// What a command came to. On a refusal nothing has changed, with two exceptions whose events are
/// in the sink: `sold_out` because the line was full has shut the lines of that order (one in which
/// nobody waited and units were free reopened at once); `too_late` may have recorded what becomes
/// of the money.
struct Outcome {
  Code code = Code::ok;
  Arrival arrival;                 ///< the number this buy was given; 0 when it was not numbered
  bool replayed = false;           ///< this buy or restock was done before under its key
  bool created = false;            ///< Put: the sale did not exist
  std::optional<OrderView> order;  ///< the order as it is now
  std::vector<OrderView> live_orders;  ///< limit_reached: what the buyer has
  std::optional<Instant> opens_at;     ///< not_open
  Instant now;                         ///< the sale's time at which it was decided
  std::string detail;  ///< what exactly is wrong, when the code's own text does not say it
};

/// The rules: one sale as a deterministic state machine. No clock, no I/O, no randomness of its
/// own. Not thread-safe; one thread owns it.
///
/// Every change is an event: `apply` and `step` decide and append events, and state changes only
/// by folding those in, so replaying them gives the same state (`state_hash` proves it).
/// The laws (conservation, line order, limits) are asserted after every event, in release too.
class Sale {
 public:
  explicit Sale(SaleId id);
  Sale(Sale&&) noexcept;
  Sale& operator=(Sale&&) noexcept;
  ~Sale();

  /// False before the first Put and after Remove and Archive.
  [[nodiscard]] bool exists() const;
  [[nodiscard]] bool archived() const;

  /// Whether something must happen at `now` before any other command: opening, closing, the end
  /// of holds, promotions left over from the step before.
  [[nodiscard]] bool due(Instant now) const;
  /// The earliest moment at which `due` will be true if no command comes.
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Does the earliest things that are due, at most limits::kOrdersPerStep orders, and appends
  /// their events to `out`. Each event is timed by its own deadline, however late it is done.
  /// Call until `due` is false.
  void step(Instant now, std::vector<Event>& out);

  /// How many commands ahead `fetch` does the most good: long enough for memory to answer, few
  /// enough that what came is still there.
  static constexpr std::size_t kFetchAhead = 8;
  /// Begins to bring near what a buy that will be applied soon looks into, so that its looks into
  /// the tables do not wait for memory. Changes nothing; safe to leave out.
  void fetch(const Command& command) const;

  /// Applies one command at time max(now, the sale's last event) and appends its events to `out`.
  /// Nothing may be due at `now`; only Restart may come before what is due, and does first what was
  /// due when the server went away, in as many steps as that takes.
  [[nodiscard]] Outcome apply(const Command& command, Instant now, std::vector<Event>& out);

  /// Folds in one event that a Sale has given before; events come in order from the first.
  /// Fails as `corrupt`, unchanged, when the seq does not follow or the fact cannot be of this
  /// state.
  [[nodiscard]] Result<void> replay(const Event& event);

  [[nodiscard]] SaleView view() const;
  [[nodiscard]] std::optional<OrderView> find(const OrderKey& order) const;
  [[nodiscard]] std::vector<OrderView> live_orders(const BuyerId& buyer) const;

  struct OrderFilter {
    std::optional<OrderState> state;
    std::optional<BuyerId> buyer;
    std::optional<Reference> reference;
    Arrival after;  ///< only later arrivals
    std::size_t limit = 100;
  };
  /// Orders in order of arrival.
  [[nodiscard]] std::vector<OrderView> orders(const OrderFilter& filter) const;

  /// The whole state in a canonical packed form (docs/formats/snapshot.md): equal states give
  /// equal bytes.
  void save(std::string& out) const;
  /// The sale that `save` wrote; `corrupt` when the bytes are not one or break a law.
  [[nodiscard]] static Result<Sale> load(SaleId id, std::string_view bytes);
  /// A hash over the canonical state, the same after replay, load, and on every machine.
  [[nodiscard]] std::uint64_t state_hash() const;
  /// Recounts every figure from the orders and compares; what differs, in words, or nothing.
  [[nodiscard]] std::vector<std::string> recount() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::sale

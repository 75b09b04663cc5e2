#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/address.h"
#include "store/event_feed.h"
#include "store/sale_store.h"

namespace dibs::ledger {

/// How far a follower is.
struct FollowerState {
  bool connected = false;        ///< the last call of the database went well
  std::uint64_t behind = 0;      ///< durable events that the ledger does not have
  Duration behind_for{0};        ///< for how long there has been something to apply
  std::uint64_t applied = 0;     ///< events, since the start
  std::uint64_t duplicates = 0;  ///< events that somebody had applied before
  std::uint64_t batches = 0;     ///< transactions
  std::uint64_t failures = 0;    ///< calls of the database or the journal that failed
  std::uint64_t stopped = 0;     ///< sales of which nothing more is applied
  std::uint64_t drift = 0;       ///< items whose figures were not the store's at the same event
  std::string last_error;        ///< of what is failing now; empty: nothing is
};

/// Keeps a ledger beside a store in the same process: reads the store's feed and applies it.
///
/// **Where it is** stands in the ledger itself, in the transaction that applied it, and nowhere
/// else: it takes up from there after any crash, of either.
/// **Bounds.** Events stay in the feed until there is a batch's room for them. A slow or dead
/// database costs the sale nothing but this lag: it is tried again for ever, after a pause that
/// grows to kPauseMax.
/// **Stops.** A sale whose events do not continue what the ledger has (another history, another
/// epoch, a hand in the tables) is stopped, named on `on_warning` and in its applied row; the
/// others go on. After a restart it is tried again.
/// **Life.** The feed and the clock outlive it. Register it as a listener and begin() before the
/// store starts, then know(). Any thread may call state().
class Follower final : public store::EventListener {
 public:
  static constexpr std::size_t kBatch = 512;       ///< events in a transaction, when there is time
  static constexpr std::size_t kBatchMax = 8'192;  ///< and when it is behind
  static constexpr Duration kPauseMax = std::chrono::seconds(10);

  struct Options {
    Address address;
    /// Between two transactions, as long as there is no more than a batch to apply: commits of the
    /// ledger and of the journal go to the same disk.
    Duration pace = std::chrono::milliseconds(200);
    /// on_events() returns when the ledger has them: answers wait for it.
    bool sync = false;
    Duration compare_every = std::chrono::seconds(5);
    std::function<void(const std::string&)> on_warning = [](const std::string&) {};
  };

  Follower(Options options, const store::EventFeed& feed, const Clock& clock);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() override;

  /// Connects and makes the tables, to hear early what is wrong; nothing is lost when it fails.
  [[nodiscard]] Result<void> try_open();
  /// Begins to follow. Before the store starts: a store that starts may have something to say, and
  /// with `sync` waits for it to be heard.
  void begin();
  /// `sales`: every sale that the store has, read after it started; for lag and drift of those that
  /// nothing happens to.
  void know(const std::vector<sale::SaleView>& sales);
  /// Answers wait no more; for who ends the store.
  void let_go();
  /// Applies what is durable, for up to `patience` and unless the database fails, and ends. May be
  /// called twice.
  void stop(Duration patience);

  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override;

  [[nodiscard]] FollowerState state() const;
  /// The last event of the sale that the ledger has, on the database's disk. Nothing while that is
  /// not known: it has not been asked yet, or has stopped at that sale.
  [[nodiscard]] std::optional<Seq> applied(const SaleId& sale) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::ledger

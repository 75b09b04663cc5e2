#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "base/time.h"
#include "engine/journal_options.h"
#include "store/event_feed.h"
#include "store/ordered.h"
#include "store/sale_store.h"

namespace dibs::engine {

class Disk;

/// The embedded store: sales in memory, every change on disk before it is answered.
///
/// Promise: an order that was answered survives the death of the process and of the system, and
/// power loss on a disk that honours flushes. It does not survive the loss of the disk.
/// One process per data directory. Threads of its own: sequencer, committer, snapshots.
class Engine final : public store::SaleStore, public store::EventFeed, public WatermarkListener {
 public:
  struct Options {
    std::string data_dir;                 ///< created if missing
    std::uint32_t ingress_loops = 1;      ///< loops whose watermarks order the requests; 0: none
    std::size_t queue_per_loop = 65'536;  ///< commands waiting to be ordered
    Duration late_after = std::chrono::seconds(1);  ///< a loop that hangs is waited for so long
    bool merge = true;  ///< false, for tests only: number in the order of the queues
    bool sync = true;   ///< false, for tests only: answer without waiting for the disk
    /// For simulations: no thread is started; everything happens in step(), on the caller's.
    bool stepped = false;
    /// For simulations: order keys follow from it. 0: they are the system's random bits.
    std::uint64_t key_seed = 0;
    JournalOptions journal{};
  };

  struct Counters {
    std::uint64_t commands = 0;
    /// Requests numbered behind one that had come later, since their loop had hung for longer than
    /// late_after. The fairness report must show 0.
    std::uint64_t late_numbers = 0;
    /// Requests numbered without waiting longer for a loop that hung; late_numbers says whether it
    /// mattered.
    std::uint64_t unwaited_numbers = 0;
    std::uint64_t clock_steps = 0;
    std::uint64_t commits = 0;
    std::uint64_t events = 0;              ///< applied
    std::uint64_t uncommitted_events = 0;  ///< of these, not durable yet: nobody has seen them
    std::uint64_t journal_bytes = 0;
    std::uint64_t queue_full = 0;
    Duration last_commit{0};
    Duration slowest_commit{0};
    std::optional<Instant> last_commit_at;  ///< since the start
  };

  /// Recovers what the directory holds and starts selling. Fails without changing anything when
  /// another process has the directory, the journal is damaged (the message names the command that
  /// inspects it), or its format is newer than this program.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> open(Options options, const Clock& clock);
  /// The same on another disk than the system's.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> open(Options options, const Clock& clock,
                                                            Disk& disk);
  ~Engine() override;

  /// Before start(): what to call when loop `index` must publish a watermark (Server::wake).
  void set_waker(std::function<void(std::uint32_t)> waker);
  /// Before start(): who hears the durable events. Not owned.
  void add_listener(store::EventListener& listener);
  /// Before start(): who hears, once, that the journal can no longer be written. By then every
  /// outstanding call has been answered `unknown`, and so will be every later one; the handler
  /// should end the process, which is what happens (exit status 3) when there is none.
  void set_on_failure(std::function<void(const Fault&)> handler);
  /// Before start(): who hears of what is odd and harmless, from any thread. Otherwise nobody.
  void set_on_warning(std::function<void(const std::string&)> handler);
  /// What recovery found odd and harmless.
  [[nodiscard]] const std::vector<std::string>& warnings() const;
  /// Starts the threads; due openings and expiries begin to run.
  void start();
  /// What one of the threads does, once, as far as there is anything to do. Only of an engine that
  /// is `stepped`, between start() and drain(), from one thread. Nothing depends on a real clock or
  /// on luck then: the same calls in the same order give the same events, byte for byte.
  enum class Part { sequencer, committer, keeper, snapshotter, queries };
  void step(Part part);
  /// Applies and commits everything submitted, writes the clean end, stops. Further calls answer
  /// `unavailable`.
  void drain();

  [[nodiscard]] Counters counters() const;
  /// Up to where the journal is durable.
  [[nodiscard]] Position durable_position() const override;
  /// One for all sales of the directory: docs/formats/events.md.
  [[nodiscard]] Result<std::string> epoch_of(const SaleId& sale) const override;
  /// Reads the journal's files, on the caller's thread.
  [[nodiscard]] std::unique_ptr<store::EventReader> read_events(
      store::Taken taken, std::optional<SaleId> sale) const override;

  void on_watermark(std::uint32_t loop, Instant upto) noexcept override;
  [[nodiscard]] Instant furthest_watermark() const noexcept override;
  void submit(const Stamp& stamp, SaleId sale, sale::Command command,
              store::Reply<sale::Outcome> reply) override;
  void find_sale(const Stamp& stamp, SaleId sale,
                 store::Reply<std::optional<sale::SaleView>> reply) override;
  void list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) override;
  void find_order(const Stamp& stamp, OrderId order,
                  store::Reply<std::optional<sale::OrderView>> reply) override;
  void list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                   store::Reply<std::vector<sale::OrderView>> reply) override;
  void list_arrivals(SaleId sale, store::ArrivalFilter filter,
                     store::Reply<std::vector<store::ArrivalRecord>> reply) override;
  void history(OrderId order, store::Reply<std::vector<sale::Event>> reply) override;
  [[nodiscard]] std::shared_ptr<const sale::SaleView> glance(const SaleId& sale) const override;
  [[nodiscard]] store::Durability durability() const override;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using store::kNoLoop;

}  // namespace dibs::engine

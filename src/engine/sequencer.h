#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/time.h"
#include "engine/batch.h"
#include "engine/committer.h"
#include "engine/due_times.h"
#include "engine/failure.h"
#include "engine/journal.h"
#include "engine/sales.h"
#include "store/ingress.h"
#include "store/merge.h"
#include "store/random_keys.h"

namespace dibs::engine {

/// The one thread that numbers: takes requests in the order of arrival, applies them to their
/// sales, packs what happened into a batch, and hands the batch to the committer. It builds the
/// next batch while the committer syncs the one before.
class Sequencer {
 public:
  struct Parts {
    Sales& sales;  ///< as recovered; the sequencer's alone from start() on
    store::Ingress& ingress;
    store::Merge& merge;
    Committer& committer;
    const Journal& journal;
    Failure& failure;
    const Clock& clock;
    const std::function<void(const std::string&)>& warn;
    Instant last_alive;       ///< of the process before
    bool keep_events = true;  ///< somebody listens to them
    std::uint64_t key_seed = 0;
  };

  struct Counters {
    std::atomic<std::uint64_t> commands{0};
    std::atomic<std::uint64_t> events{0};
    std::atomic<std::uint64_t> late{0};
    std::atomic<std::uint64_t> unwaited{0};
    std::atomic<std::uint64_t> clock_steps{0};
  };

  explicit Sequencer(const Parts& parts) : parts_(parts), keys_(parts.key_seed) {}

  /// Starts a thread that begins, and makes passes until the end.
  void start();
  /// Numbers all that was pushed, commits it and the clean end, and ends the thread, if there is
  /// one. The ingress must be closed.
  void drain();

  // Without a thread of its own, on the caller's:

  /// Begins the epoch and tells every sale how long the server was away.
  void begin();
  /// Numbers what can be numbered now.
  void pass();

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  void run();
  void finish();
  void get_ready();
  void number(Request& request);
  void number(Request& request, CommandRequest& command);
  void number(Request& request, LookRequest& look);
  [[nodiscard]] bool refused_for_space(Request& request, const sale::Command& command);
  void give_key(sale::Buy& buy);
  void give_identity(SaleSlot& slot, sale::Buy& buy);
  void reserve_arrivals(SaleSlot& slot);
  void do_what_is_due(SaleSlot& slot, Instant now);
  void do_some_of_what_is_due(SaleSlot& slot, Instant now);
  void step(SaleSlot& slot, Instant now);
  /// Where the next events of the sale go: behind those that it has in this batch.
  [[nodiscard]] std::vector<sale::Event>& events_of(SaleSlot& slot);
  void record_events(SaleSlot& slot);
  void record_arrival(SaleSlot& slot, const Request& request, const sale::Command& command,
                      const sale::Outcome& outcome);
  void add_due(Instant now);
  void write_clean_end();
  /// Hands the batch over, or gives its answers when it needs no commit. With `wait`, blocks until
  /// the committer can take it; otherwise leaves it for later when the committer is busy.
  void flush(bool wait);
  void hand_over();
  [[nodiscard]] bool refusals_overdue() const;
  [[nodiscard]] Duration sleep_time();

  Parts parts_;
  Counters counters_;
  DueTimes due_times_;
  store::RandomKeys keys_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
  std::vector<sale::Event> events_;         ///< the first ones of a sale in this batch
  Duration now_{0};                         ///< monotonic, of this pass
  std::optional<Duration> refusals_since_;  ///< monotonic: refused arrivals wait to be recorded
  std::atomic<bool> draining_{false};
  std::thread thread_;
};

}  // namespace dibs::engine

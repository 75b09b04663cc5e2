#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.h"
#include "engine/batch.h"
#include "engine/failure.h"
#include "engine/journal.h"
#include "engine/record.h"
#include "store/sale_store.h"
#include "store/views.h"

namespace dibs::engine {

/// Makes batches durable, one after another, and lets out what depends on them: persist, then
/// reply. The next batch is built while one is being synced.
///
/// Steps of a commit, each before the next: write, sync, publish views, tell listeners, answer.
class Committer {
 public:
  struct Parts {
    Journal& journal;
    store::Views& views;
    Failure& failure;
    const Clock& clock;
    std::vector<store::EventListener*> listeners;
    std::function<void()> on_idle;  ///< on the committer's thread, after each commit
    bool sync = true;
  };

  struct Counters {
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> events{0};            ///< made durable
    std::atomic<std::int64_t> last_commit_at_ns{0};  ///< wall clock, at its end; 0: none yet
    std::atomic<std::int64_t> last_commit_ns{0};
    std::atomic<std::int64_t> slowest_commit_ns{0};
  };

  Committer(Parts parts, ChainPoint last, std::uint64_t epoch);
  ~Committer();

  /// Starts a thread that does the work.
  void start();
  /// Finishes what it has and ends the thread, if there is one.
  void stop();
  /// Commits what was handed over, if anything was. Without a thread of its own, whoever hands over
  /// calls this.
  void work();

  // The sequencer's:

  /// Whether nothing is being committed: a batch may be handed over, and answers that depend on
  /// earlier batches only may be given at once.
  [[nodiscard]] bool idle() const { return !busy_.load(); }
  /// Takes `batch`; gives an empty one for it. Only while idle.
  [[nodiscard]] std::unique_ptr<Batch> hand_over(std::unique_ptr<Batch> batch);
  /// Blocks until idle; without a thread of its own, commits.
  void wait_idle();

  // Any thread's:

  [[nodiscard]] ChainPoint durable() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  void run();
  void commit(Batch& batch);
  void fail(Batch& batch);
  [[nodiscard]] DiskResult<void> write(Batch& batch);
  void publish(Batch& batch);

  Parts parts_;
  const std::uint64_t epoch_;
  Counters counters_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Batch> incoming_;
  std::unique_ptr<Batch> spare_ = std::make_unique<Batch>();
  bool stopping_ = false;
  ChainPoint durable_;
  std::atomic<bool> busy_{false};
  std::thread thread_;
};

}  // namespace dibs::engine

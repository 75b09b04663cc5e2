#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/arrival_places.h"
#include "engine/disk.h"
#include "sale/event.h"
#include "store/sale_store.h"

namespace dibs::engine {

/// Numbered requests of `sale` in order of arrival, from the records up to `upto`. Begins where
/// `places` says, and leaves in it where the next page begins.
[[nodiscard]] Result<std::vector<store::ArrivalRecord>> read_arrivals(
    Disk& disk, const std::string& dir, const SaleId& sale, const store::ArrivalFilter& filter,
    Position upto, ArrivalPlaces& places);

/// The events of one order and what ended its line, from the records up to `upto`.
[[nodiscard]] Result<std::vector<sale::Event>> read_history(Disk& disk, const std::string& dir,
                                                            const OrderId& order, Position upto);

/// A thread that reads the journal for those who ask, one after another, with a bounded queue.
class Queries {
 public:
  /// People ask now and then; each reads the journal once.
  static constexpr std::size_t kQueueBound = 64;

  ~Queries() { stop(); }
  /// Takes jobs from now on.
  void open();
  /// The same, and starts a thread that does them.
  void start();
  /// Does what is queued, then ends the thread, if there is one.
  void stop();
  /// Does what is queued. Without a thread of its own, on the caller's.
  void work();
  /// False, and `job` not taken, when the queue is full or stopped.
  [[nodiscard]] bool add(std::move_only_function<void()>& job);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace dibs::engine

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.h"

namespace dibs {

/// One thread that does things soon or at a time. Tasks of the same moment run in the order in
/// which they were given. Any thread may give tasks, a running task too.
class Worker {
 public:
  using Task = std::move_only_function<void()>;

  /// Who runs the tasks: a thread of the worker's, or whoever calls step(), for simulations.
  enum class Drive : std::uint8_t { thread, stepped };

  explicit Worker(const Clock& clock, Drive drive = Drive::thread);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void soon(Task task) { at(Duration(0), std::move(task)); }
  /// Not before `when` on the monotonic clock. After stop() the task is dropped.
  void at(Duration when, Task task);

  /// Stepped: runs what is due by now, on this thread.
  void step();

  /// Waits for the task now running and ends the thread; what was not begun is dropped. Not from
  /// a task. May be called twice.
  void stop();

 private:
  struct Entry {
    Duration when;
    std::uint64_t number;  ///< order of giving
    Task task;
  };
  static bool later(const Entry& a, const Entry& b);
  void run();
  /// Runs the next task with the lock released.
  void run_next(std::unique_lock<std::mutex>& lock);

  const Clock& clock_;
  std::mutex mutex_;  ///< guards everything below but the thread; a leaf in the lock order
  std::condition_variable changed_;
  std::vector<Entry> heap_;
  std::uint64_t given_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dibs

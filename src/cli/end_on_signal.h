#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dibs::cli {

/// While it lives, SIGINT and SIGTERM end the process only after what it leaves behind is gone: a
/// children and a directory. Make it before any other thread; children inherit the blocked signals.
class EndOnSignal {
 public:
  /// `directory` is removed with all that it holds.
  explicit EndOnSignal(std::string directory);
  EndOnSignal(const EndOnSignal&) = delete;
  EndOnSignal& operator=(const EndOnSignal&) = delete;
  /// Lets the signals do again what they did before.
  ~EndOnSignal();

  /// The children that are killed before, since they write into the directory.
  void kill_first(std::vector<pid_t> children);
  /// They have ended: their numbers may soon be another's.
  void kill_none() { kill_first({}); }

 private:
  void wait();

  std::string directory_;
  std::mutex mutex_;
  std::vector<pid_t> children_;  ///< guarded by mutex_
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace dibs::cli

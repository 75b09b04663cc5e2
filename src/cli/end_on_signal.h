#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <thread>

namespace dibs::cli {

/// While it lives, SIGINT and SIGTERM end the process only after what it leaves behind is gone: a
/// child and a directory. Make it before any other thread; children inherit the blocked signals.
class EndOnSignal {
 public:
  /// `directory` is removed with all that it holds.
  explicit EndOnSignal(std::string directory);
  EndOnSignal(const EndOnSignal&) = delete;
  EndOnSignal& operator=(const EndOnSignal&) = delete;
  /// Lets the signals do again what they did before.
  ~EndOnSignal();

  /// The child that is killed before, since it writes into the directory.
  void kill_first(pid_t child) { child_ = child; }
  /// The child has ended: its number may soon be another's.
  void kill_none() { child_ = -1; }

 private:
  void wait();

  std::string directory_;
  std::atomic<pid_t> child_ = -1;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace dibs::cli

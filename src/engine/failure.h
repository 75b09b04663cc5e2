#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "base/result.h"

namespace dibs::engine {

/// The one-way switch of an engine that can no longer know what is on disk. Any thread.
class Failure {
 public:
  /// Who is told, once, on the thread that failed. It should end the process. Before the start.
  void set_handler(std::function<void(const Fault&)> handler) { handler_ = std::move(handler); }

  [[nodiscard]] bool failed() const { return failed_.load(); }
  /// What every answer is from then on.
  [[nodiscard]] const Fault& fault() const { return fault_; }

  /// Before outstanding answers are given: nothing is taken up any more.
  void raise() { failed_ = true; }
  /// After they were given: tells the handler, the first time.
  void report(const std::string& what);

 private:
  const Fault fault_{FaultKind::unknown,
                     "The journal could not be written; the engine has stopped.",
                     "Send the same request again, with the same key, once the server is back."};
  std::atomic<bool> failed_{false};
  std::atomic<bool> reported_{false};
  std::function<void(const Fault&)> handler_;
};

}  // namespace dibs::engine

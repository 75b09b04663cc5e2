#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "baselines/redis.h"

namespace dibs::baselines {

/// Threads with a blocking connection to Redis each: how a shop's server of that time would talk to
/// it. Tasks begin in the order in which they were given.
class Pool {
 public:
  using Task = std::move_only_function<void(Redis&)>;

  /// A crowd of 14,900 connections has no more than so many requests outstanding.
  static constexpr std::size_t kTasksMax = 15'000;

  [[nodiscard]] static Result<std::unique_ptr<Pool>> open(const std::string& host,
                                                          std::uint16_t port, std::size_t threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// Does what was given, then ends the threads.
  ~Pool();

  /// False, and the task is left as it was, when kTasksMax are waiting. Any thread.
  [[nodiscard]] bool give(Task& task);

 private:
  Pool() = default;
  void run(Redis& redis);

  std::mutex mutex_;  ///< guards what follows, but the threads and their connections
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<Redis> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace dibs::baselines

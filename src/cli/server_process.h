#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace dibs::cli {

/// `dibs serve` as a child process of its own, so that what a run costs can be told apart from
/// what the test tool costs. It is killed when this object goes and has not stopped before.
class ServerProcess {
 public:
  /// Starts this very program as `COMMAND ARGUMENTS…`, with `environment` (NAME=VALUE) added, and
  /// waits until it says where it listens. Fails with the child's own last words.
  [[nodiscard]] static Result<ServerProcess> start(const std::vector<std::string>& arguments,
                                                   const std::vector<std::string>& environment,
                                                   const std::string& command = "serve");
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  [[nodiscard]] const std::string& address() const { return address_; }  ///< HOST:PORT
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Asks it to drain and stop (SIGTERM) and waits; true when it ended with status 0 in time.
  bool stop(Duration patience);

 private:
  ServerProcess(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_ = -1;
  int output_ = -1;  ///< read end of the child's standard output
  std::string address_;
};

/// A fresh directory below the system's temporary one, removed with all it holds.
class TemporaryDirectory {
 public:
  [[nodiscard]] static Result<TemporaryDirectory> make();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace dibs::cli

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace dibs::cli {

/// A private redis-server on a free port of this machine, for one run. It is killed when this
/// object goes, or when this process ends in whatever way.
class RedisProcess {
 public:
  enum class Keeps : std::uint8_t {
    nothing,     ///< neither snapshots nor a log: the shop's designs promise nothing
    every_write  ///< appendonly, appendfsync always: what `strict` asks for
  };

  /// Starts it with `directory` for its files, and waits until it answers. A clear fault when no
  /// redis-server is installed.
  [[nodiscard]] static Result<RedisProcess> start(const std::string& directory, Keeps keeps);
  RedisProcess(RedisProcess&& other) noexcept;
  RedisProcess& operator=(RedisProcess&&) = delete;
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;
  ~RedisProcess();

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  RedisProcess(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}

  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace dibs::cli

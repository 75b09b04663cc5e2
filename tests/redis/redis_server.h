#pragma once

#include <hiredis/hiredis.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace dibs::redis {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

/// A port of 127.0.0.1 that nobody listens on now. The kernel does not give it to the next who asks
/// at once.
[[nodiscard]] int free_port();

/// A blocking connection of a test. A lost one fails the test and answers null.
class Connection {
 public:
  Connection(const std::string& host, int port);

  Reply call(const std::vector<std::string>& words);
  /// Several calls in one write, then their replies.
  std::vector<Reply> call_all(const std::vector<std::vector<std::string>>& calls);
  /// The reply's text or number, or `error: …`.
  std::string text(const std::vector<std::string>& words);

 private:
  void append(const std::vector<std::string>& words);
  Reply reply();

  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::unique_ptr<redisContext, Free> context_;
};

/// A redis-server (or what DIBS_REDIS_SERVER names: a Valkey) of its own for one test, on a free
/// port of 127.0.0.1 with a temporary directory; when this object goes it is killed by its process
/// id and the directory is removed. Saves nothing unless the options say so.
class RedisServer {
 public:
  /// `options` go onto the command line: {"--appendonly", "yes", "--appendfsync", "always"}. Waits
  /// until the server answers; a server that does not start fails the test.
  explicit RedisServer(std::vector<std::string> options = {});
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer();

  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] Connection connect() const { return {host_, port_}; }

  /// kill -9, and waits until it is gone.
  void kill();
  /// Stops and continues the process (SIGSTOP, SIGCONT): a server that does not answer.
  void freeze() const;
  void thaw() const;
  /// On the same port and directory, after kill().
  void start();

 private:
  std::vector<std::string> options_;
  std::string host_ = "127.0.0.1";
  int port_ = 0;
  std::string directory_;
  pid_t pid_ = -1;
};

}  // namespace dibs::redis

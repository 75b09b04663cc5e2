#pragma once

#include <hiredis/hiredis.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "redis/address.h"
#include "redis/wire.h"

namespace dibs::redis {

/// Receives the server's reply, which lives as long as the call; a fault is of the connection:
/// `unavailable` when nothing can have reached the server, `unknown` when it may have.
using Then = std::move_only_function<void(Result<const redisReply*>)>;

/// One connection to a server: calls go out at once, replies come in the same order. Does not
/// block. For one thread, which polls `fd()` and calls `ready()`.
class ServerConnection {
 public:
  ServerConnection(const Address& address, const Clock& clock);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection() = default;

  /// Begins to connect; AUTH and SELECT are sent first. What goes wrong closes it: see
  /// why_closed().
  void open();
  /// Ends the connection: every call outstanding gets its fault, in order, and `why` is kept.
  void close(Fault why);

  /// Sends one call behind those before. On a closed connection `then` gets the fault at once.
  void call(const std::vector<std::string>& words, Then then);

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] bool is_open() const { return wire_.is_open(); }
  /// Calls can have reached the server, since the last open().
  [[nodiscard]] bool has_been_there() const { return wire_.has_been_there(); }
  /// Why it is closed, after the first open().
  [[nodiscard]] const Fault& why_closed() const { return why_closed_; }
  [[nodiscard]] std::size_t outstanding() const { return waiting_.size(); }
  /// Since when the oldest call outstanding waits (monotonic).
  [[nodiscard]] std::optional<Duration> waiting_since() const;

  /// For poll(): -1 when closed.
  [[nodiscard]] int fd() const { return wire_.fd(); }
  [[nodiscard]] short wanted_events() const { return wire_.wanted_events(); }
  /// Reads, writes and gives replies, as `events` of poll() allow.
  void ready(short events);

 private:
  struct Waiting {
    Then then;
    Duration since;
  };
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  void begin_session();
  void give_replies();
  void tell_all();

  const Address address_;
  const Clock& clock_;
  Wire wire_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::string received_;
  std::deque<Waiting> waiting_;
  Fault why_closed_{FaultKind::unavailable, "Redis has not been asked yet.", "Wait a moment."};
};

}  // namespace dibs::redis

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/answer.h"
#include "load/endpoint.h"
#include "load/exchange.h"
#include "load/poller.h"

namespace dibs::load {

/// Hears how exchanges end. Called from Pool::on_ready and Pool::send.
class AnswerSink {
 public:
  AnswerSink() = default;
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  virtual ~AnswerSink() = default;

  virtual void on_answer(std::uint32_t exchange, const Answer& answer) = 0;
  /// The connection ended, could not be opened, or brought something that is no answer.
  virtual void on_cut(std::uint32_t exchange, std::string_view why) = 0;
};

/// The connections of the crowd, spread evenly over the gateways. Each carries one exchange at a
/// time and belongs to nobody in particular: who waits in a line holds none. One thread.
class Pool {
 public:
  struct Options {
    std::uint32_t connections = 1;
    bool new_each_time = false;  ///< connect for each exchange and close after it
  };

  Pool(const Options& options, std::vector<Endpoint> gateways, Poller& poller, Exchanges& exchanges,
       AnswerSink& sink);

  /// Opens all connections and waits until the server has answered a question over each, so that
  /// none is left in a queue of the kernel; nothing to do with new_each_time.
  [[nodiscard]] Result<void> open_all();

  [[nodiscard]] bool has_free(std::uint32_t gateway) const { return !free_[gateway].empty(); }

  /// Sends `bytes` for an exchange of the list over the gateway's connection that has been idle
  /// longest, and notes its times. With 0 < cut < size the bytes go in two segments. Needs
  /// has_free().
  void send(std::uint32_t exchange, std::uint32_t gateway, std::string_view bytes,
            std::size_t cut = 0);

  /// The poller reported `tag`, which is a connection's number.
  void on_ready(std::uint32_t tag, std::uint32_t events);

 private:
  enum class State : std::uint8_t { closed, connecting, greeting, idle, busy };

  struct Connection {
    Fd socket;
    State state = State::closed;
    bool queued = false;  ///< in free_
    std::uint32_t exchange = 0;
    std::string out;
    std::size_t written = 0;
    std::size_t cut = 0;
    std::string in;
  };

  [[nodiscard]] std::size_t gateway_of(std::uint32_t number) const {
    return number % gateways_.size();
  }
  [[nodiscard]] bool open(std::uint32_t number);
  [[nodiscard]] std::string greet(Connection& connection);
  void close(std::uint32_t number);
  void release(std::uint32_t number);
  void write(std::uint32_t number);
  void read(std::uint32_t number);
  [[nodiscard]] bool take_answer(std::uint32_t number);
  void cut(std::uint32_t number, std::string_view why);

  Options options_;
  std::vector<Endpoint> gateways_;
  Poller& poller_;
  Exchanges& exchanges_;
  AnswerSink& sink_;
  std::vector<Connection> connections_;
  std::vector<std::deque<std::uint32_t>> free_;  ///< one a gateway
  std::vector<char> buffer_;
};

}  // namespace dibs::load

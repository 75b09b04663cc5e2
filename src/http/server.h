#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/network.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/time.h"
#include "http/message.h"

/// HTTP/1.1 for one kind of server: many short JSON requests, whose order of arrival matters.
/// Protocol only: connections, framing, limits, deadlines, streams. It knows nothing of sales.
namespace dibs::http {

class AnswerSink;
struct StreamState;

/// The end of one request, to be answered once, from any thread, at any time. A Responder that is
/// destroyed without an answer answers 500. When the client has gone, answers go nowhere.
class Responder {
 public:
  Responder() = default;
  Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t connection, std::uint64_t request);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  /// Queues the answer. Answers of one connection leave in the order of its requests.
  void respond(Response response);

  /// Begins a `text/event-stream`; the connection serves nothing else from then on.
  class Stream;
  [[nodiscard]] std::shared_ptr<Stream> stream(
      std::vector<std::pair<std::string, std::string>> headers = {});

 private:
  std::shared_ptr<AnswerSink> sink_;
  std::uint64_t connection_ = 0;
  std::uint64_t request_ = 0;
};

/// A stream of server-sent events. Any thread may send. Reference-counted: the connection is
/// closed when the last reference goes.
class Responder::Stream {
 public:
  Stream(std::shared_ptr<AnswerSink> sink, std::uint64_t connection,
         std::shared_ptr<StreamState> state);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// Queues bytes already in event-stream form; one buffer may be shared by many streams. False,
  /// and nothing queued, when the client has gone or would be more than
  /// Limits::stream_backlog_bytes behind; the connection is then closed and the client resumes with
  /// Last-Event-ID.
  bool send(std::shared_ptr<const std::string> bytes);
  /// Whether the client is still there, as far as is known.
  [[nodiscard]] bool open() const;

 private:
  std::shared_ptr<AnswerSink> sink_;
  std::uint64_t connection_ = 0;
  std::shared_ptr<StreamState> state_;
};

/// What the server calls for each request, on the thread of the loop that read it; with several
/// loops, on several threads at once. Must not block.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  virtual void handle(const Request& request, Responder responder) = 0;
  /// The body of the answer to a request that broke the framing or a limit, for example
  /// application/problem+json. `status` is 400, 408, 411, 413, 417, 431, 501 or 505; or 500 when a
  /// Responder was destroyed without an answer. The server sets the status itself, and closes the
  /// connection after each of them but 500.
  virtual Response refusal(std::uint16_t status, std::string_view what) = 0;
};

/// Absolute deadlines and bounds, with the arithmetic beside them.
struct Limits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t headers = 64;
  std::size_t target_bytes = 2 * 1024;
  std::size_t body_bytes = 16 * 1024;
  std::size_t connections = 15'000;         ///< of 20,000 descriptors a process commonly has
  std::size_t reserved_connections = 64;    ///< of these, kept for the listeners after the first
  std::size_t network_connections = 0;      ///< of one network (limited_network); 0: no limit
  std::size_t pipelined_bytes = 64 * 1024;  ///< read ahead of the request being answered; at least
                                            ///< one whole request
  std::size_t stream_backlog_bytes = 256 * 1024;
  Duration head_time = std::chrono::seconds(5);
  Duration body_time = std::chrono::seconds(10);
  Duration write_stall = std::chrono::seconds(10);
  Duration idle_time = std::chrono::seconds(15);
};

/// Counters since the start; read from any thread.
struct Counters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t accept_pauses = 0;  ///< times a loop stopped accepting: Limits::connections or no
                                    ///< descriptors left; clients then wait in the backlog
  std::uint64_t connections_refused = 0;  ///< closed at once: Limits::network_connections
  std::uint64_t requests = 0;
  std::uint64_t refused_framing = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t unstamped = 0;     ///< reads for which the kernel gave no timestamp
  std::uint64_t stamps_moved = 0;  ///< requests found after their time was promised to be complete
  std::uint64_t streams_open = 0;
};

class Server {
 public:
  struct Options {
    std::vector<std::string> listen;  ///< `HOST:PORT`; port 0: any free one
    std::uint32_t loops = 1;
    Limits limits;
    /// Proxies, whose connections are other people's: Limits::network_connections is not for them.
    std::vector<Network> trusted_proxies{};
  };
  /// Sockets that listen already, by listener: Options::listen opens only what has none here. Each
  /// loop serves one of them, so there may be no more than loops; with fewer, the later loops
  /// accept nothing at that listener. What waits in their queues when the server ends stays there,
  /// for the next process.
  using Inherited = std::vector<std::vector<Fd>>;

  /// Opens the listening sockets (with SO_TIMESTAMPNS set on them, so that data which came before
  /// accept is stamped too). Fails naming the address when one cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(Options options, Handler& handler,
                                                            WatermarkListener& watermarks,
                                                            const Clock& clock,
                                                            Inherited inherited = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// The addresses really listened on, in the order of Options::listen.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// Starts the loops, one thread each.
  void start();
  /// Makes loop `index` publish a fresh watermark soon, even if it is idle. Any thread.
  void wake(std::uint32_t index);
  /// Stops accepting. For up to `grace` requests that come on the connections there are are still
  /// read, and each answer closes its connection; it ends early when no connection is left. Then
  /// stops reading, waits up to `patience` until every request that was read is answered, closes
  /// all connections and joins the threads.
  void drain(Duration patience, Duration grace = Duration(0));

  [[nodiscard]] Counters counters() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::http

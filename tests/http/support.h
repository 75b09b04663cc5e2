#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stamp.h"
#include "base/time.h"
#include "http/message.h"
#include "http/response_reader.h"
#include "http/server.h"

/// What the tests of this folder share: a handler given as a function, a client that writes raw
/// bytes, and a server on a free port of the loopback interface.
namespace dibs::http::testing {

using namespace std::chrono_literals;

/// Nothing in these tests should ever take this long; it only keeps a broken one from hanging.
inline constexpr Duration kPatience = 20s;

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<void(const Request&, Responder)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}

  void handle(const Request& request, Responder responder) override {
    function_(request, std::move(responder));
  }
  Response refusal(std::uint16_t status, std::string_view what) override;

 private:
  Function function_;
};

/// Answers every request at once with its own method, target and body.
[[nodiscard]] Response echo(const Request& request);
[[nodiscard]] FunctionHandler::Function echoing();

class NoWatermarks final : public WatermarkListener {
 public:
  void on_watermark(std::uint32_t, Instant) noexcept override {}
};

/// A server that listens, and what it needs. Drained when it goes.
class RunningServer {
 public:
  struct Setup {
    Limits limits;
    std::uint32_t loops = 1;
    std::size_t listeners = 1;
    std::vector<Network> trusted_proxies{};
  };
  explicit RunningServer(FunctionHandler::Function function);
  RunningServer(FunctionHandler::Function function, Setup setup);
  RunningServer(FunctionHandler::Function function, Setup setup, WatermarkListener& watermarks);

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;

 private:
  NoWatermarks no_watermarks_;
  FunctionHandler handler_;
  std::unique_ptr<Server> server_;
};

/// A blocking client that sends exactly the bytes it is told to.
class Client {
 public:
  explicit Client(std::uint16_t port);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  /// Sends all of it; false when the server has closed.
  bool send(std::string_view bytes);
  /// The next whole answer; nothing when the server closed first or kPatience is over.
  [[nodiscard]] std::optional<ReceivedResponse> receive();
  [[nodiscard]] std::optional<ServerEvent> receive_event();
  /// Whether the server closes (or resets) the connection without sending anything more.
  [[nodiscard]] bool closed_by_server();
  /// Whether nothing can be read for that long.
  [[nodiscard]] bool silent_for(Duration time);

  void shutdown_sending() const;
  void reset();  ///< closes with a reset
  void keep_receive_buffer_small() const;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] ResponseReader& reader() { return reader_; }

 private:
  [[nodiscard]] ssize_t read_some();

  int fd_ = -1;
  ResponseReader reader_;
};

/// Waits until `condition` holds; false after kPatience.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

[[nodiscard]] std::string get(std::string_view target);
[[nodiscard]] std::string post(std::string_view target, std::string_view body);

}  // namespace dibs::http::testing

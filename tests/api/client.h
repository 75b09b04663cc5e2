#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/response_reader.h"

namespace dibs::api::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// An answer with its body read as JSON, if it is.
struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
  boost::json::value json;

  [[nodiscard]] std::string header(std::string_view name) const;  ///< empty if missing
  [[nodiscard]] bool has(std::string_view member) const;
  /// A member of the body as text (texts without quotes); "-" if it is missing.
  [[nodiscard]] std::string operator[](std::string_view member) const;
  [[nodiscard]] std::int64_t number(std::string_view member) const;
};

/// A blocking HTTP/1.1 client on a socket of its own. Every answer is held against
/// api/openapi.yaml: the operation must name its status.
class Client {
 public:
  explicit Client(std::string address);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Sends `headers` and, unless they name another, the host `dibs.test`.
  Reply call(std::string_view method, std::string_view path, const Headers& headers = {},
             std::string_view body = {});
  /// Sends without waiting; `receive` then waits for the answer.
  void send(std::string_view method, std::string_view path, const Headers& headers = {},
            std::string_view body = {});
  Reply receive();
  /// The next event of a stream, within 10 s; nothing when the server ended it or silence fell.
  std::optional<http::ServerEvent> event();
  void close();

 private:
  bool read_more();
  void connect();

  std::string address_;
  int socket_ = -1;
  http::ResponseReader reader_;
  std::string method_, path_;  ///< of the request now unanswered
};

}  // namespace dibs::api::test

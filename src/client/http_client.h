#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// Calls to other people's HTTP servers (a payment provider, a shop's notice address), over
/// libcurl.
namespace dibs::client {

struct HttpCall {
  std::string method = "POST";
  std::string url;  ///< http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool loopback_only = false;  ///< connect to this machine only, whatever the name resolves to
};

struct HttpAnswer {
  std::uint16_t status = 0;
  std::string body;
};

/// Makes calls, many at once, from one thread of its own. Certificates are checked against the
/// system's; redirects are not followed; no proxy is used; no cookies are kept.
class HttpClient {
 public:
  struct Options {
    Duration connect_patience = std::chrono::seconds(2);
    Duration patience = std::chrono::seconds(5);  ///< of a whole call
    std::uint32_t connections_per_host = 64;      ///< more calls wait, and their patience runs
    std::size_t answer_bytes_max = 1024 * 1024;
  };
  explicit HttpClient(Options options);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  /// Cuts off what is under way; its `done` is not called any more.
  ~HttpClient();

  /// Does not block. `done` is called once, on the client's thread, and must not block. It is given
  /// a fault when there was no whole answer: `unavailable` when the call cannot have reached the
  /// server, `unknown` when it may have, `bad_input` for a URL that is not one.
  void send(HttpCall call, std::move_only_function<void(Result<HttpAnswer>)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::client

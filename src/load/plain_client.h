#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/response_reader.h"
#include "load/endpoint.h"

namespace dibs::load {

/// Asks one thing after another and waits for each answer: for what is done before and after the
/// timed part. One thread.
class PlainClient {
 public:
  explicit PlainClient(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// Sends a whole request and gives its answer, over a connection that is kept, or opened again
  /// once when it was closed meanwhile. Nothing when there is no answer within ten seconds.
  [[nodiscard]] std::optional<http::ReceivedResponse> ask(std::string_view request);

 private:
  [[nodiscard]] std::optional<http::ReceivedResponse> ask_once(std::string_view request);

  Endpoint endpoint_;
  Fd socket_;
  http::ResponseReader reader_;
};

}  // namespace dibs::load

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/response_reader.h"
#include "load/endpoint.h"

namespace dibs::load {

/// Asks one thing after another and waits for each answer: for what is done before and after the
/// timed part. One thread.
class PlainClient {
 public:
  PlainClient(const Endpoint& endpoint, Duration patience)
      : endpoint_(endpoint), patience_(patience) {}

  /// Sends a whole request and gives its answer, over a connection that is kept, or opened again
  /// once when it was closed meanwhile. Nothing when there is no answer within the patience; from
  /// then on nothing more is asked, so that a server that hangs is waited for once.
  [[nodiscard]] std::optional<http::ReceivedResponse> ask(std::string_view request);

  /// A question has had no answer.
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  [[nodiscard]] std::optional<http::ReceivedResponse> ask_once(std::string_view request);
  [[nodiscard]] bool wait_for(short events);

  Endpoint endpoint_;
  Duration patience_;
  bool lost_ = false;
  bool waited_out_ = false;  ///< the last failure was patience at its end
  Fd socket_;
  http::ResponseReader reader_;
};

}  // namespace dibs::load

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/metrics.h"
#include "api/problem.h"
#include "base/time.h"
#include "http/server.h"

namespace dibs::api {

/// The way back to whoever asked: adds what every answer of ours has, and counts it. To be used
/// once, on any thread; what it refers to outlives every request.
class Answer {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// `origin`: the origin to allow, empty if none asked.
  Answer(http::Responder responder, Metrics& metrics, const Clock& clock, Instant received,
         std::string origin)
      : responder_(std::move(responder)),
        metrics_(&metrics),
        clock_(&clock),
        received_(received),
        origin_(std::move(origin)) {}

  void send(http::Response response);
  void json(std::uint16_t status, std::string body, Headers headers = {});
  void refuse(const Problem& problem);
  /// Begins an event stream.
  [[nodiscard]] std::shared_ptr<http::Responder::Stream> stream();
  /// Leaves this one out of the durations: it waits on purpose.
  void waits() { waits_ = true; }

 private:
  void deliver(http::Response response, std::string_view code);

  http::Responder responder_;
  Metrics* metrics_;
  const Clock* clock_;
  Instant received_;
  std::string origin_;
  bool waits_ = false;
};

}  // namespace dibs::api

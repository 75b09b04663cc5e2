#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "payment/wire.h"
#include "sim/bank.h"

namespace dibs::sim {

/// The server's API, reached as over HTTP: commands become requests, answers become outcomes again.
/// What is said is JSON both ways; what is not here are sockets and framing, which the fuzzers
/// have. One API for each process of the server.
class Desk {
 public:
  /// What became of a call. Nothing: it is not known, or was not taken.
  using Answered = std::move_only_function<void(const sale::Outcome*)>;

  Desk(engine::ManualClock& clock, Bank& bank);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// A process begins: before its engine starts, and after.
  void open(engine::Engine& engine);
  void begin() { api_->begin(); }
  void step() { api_->step(); }
  /// Nobody at the other end hears anything more.
  void cut();
  /// After the engine has gone.
  void shut() { api_.reset(); }
  /// A process that ends in order says so first.
  void let_go() { api_->let_go(); }

  void ask(const Stamp& stamp, const std::string& sale, const sale::Command& command,
           Answered answered);
  /// A webhook of the bank's.
  void hear(const Stamp& stamp, const payment::IntentEvent& event);

  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Sent;
  class Line;
  /// Nothing heard: the connection broke.
  void send(const Stamp& stamp, const Sent& sent,
            std::move_only_function<void(const http::Response*)> heard);
  [[nodiscard]] Sent request_for(const std::string& sale, const sale::Command& command);

  engine::ManualClock& clock_;
  Bank& bank_;
  webhook::Secret secret_;
  std::map<std::string, sale::PaymentMode> modes_;
  std::shared_ptr<Line> line_;  ///< to the process that lives
  std::unique_ptr<api::Api> api_;
  std::vector<std::string> broken_;
};

}  // namespace dibs::sim

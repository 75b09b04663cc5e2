#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "base/worker.h"
#include "http/server.h"
#include "sandbox/bank.h"
#include "sandbox/faults.h"
#include "sandbox/sandbox.h"
#include "sandbox/sender.h"

namespace dibs::sandbox {

/// One call as it came, copied out of the request.
struct DeskCall {
  http::Method method = http::Method::other;
  std::string path;
  std::string query;
  std::string key;  ///< Idempotency-Key
  std::string authorization;
  std::string body;
};

/// Serves the calls, one after another on the worker's thread, and plays the faults of answering.
class Desk {
 public:
  Desk(const Sandbox::Options& options, Bank& bank, Worker& worker, const Clock& clock);

  /// Takes up what an earlier process left: payments not decided, events not sent.
  void begin();
  void serve(DeskCall call, http::Responder responder);
  /// The address that a restart is to listen on.
  void set_address(std::string address) { address_ = std::move(address); }

 private:
  /// Does what the call says.
  http::Response answer(const DeskCall& call);
  http::Response create(const DeskCall& call);
  http::Response act(const std::string& id, std::string_view action);
  http::Response list(const DeskCall& call);
  http::Response set_endpoint(const DeskCall& call);
  http::Response set_faults(const DeskCall& call);
  http::Response show_faults() const;

  /// What becomes of a payment with that token.
  Intent::Status decide(std::string_view token);
  void settle_later(const std::string& id);

  const Sandbox::Options& options_;
  Faults faults_;
  Dice dice_;
  Bank& bank_;
  Worker& worker_;
  const Clock& clock_;
  Sender sender_;
  std::string address_;
  std::list<http::Responder> never_answered_;
};

}  // namespace dibs::sandbox

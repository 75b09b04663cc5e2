#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "base/worker.h"
#include "client/http_client.h"
#include "sandbox/bank.h"
#include "sandbox/faults.h"

namespace dibs::sandbox {

/// Sends the bank's events to the shop, each until it is taken, and plays the faults of sending.
/// All of it on the worker's thread, but for the answers.
class Sender {
 public:
  Sender(Bank& bank, const Faults& faults, Dice& dice, Worker& worker, const Clock& clock);

  /// Sends what has not been sent and is not under way. On the worker's thread.
  void send_all();

  struct Counters {
    std::uint64_t taken = 0;         ///< true events that were answered with 2xx
    std::uint64_t lies = 0;          ///< forged, wrong and stale ones sent
    std::uint64_t lies_taken = 0;    ///< of these, answered with 2xx: must stay 0
    std::uint64_t lies_refused = 0;  ///< of these, answered with 4xx
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  void begin(const BankEvent& event);
  void send(BankEvent event, Duration pause);
  void lie(const BankEvent& event);
  void post_lie(const std::string& id, Instant when, const std::string& body,
                const std::string& secret);
  [[nodiscard]] client::HttpCall signed_call(const std::string& id, Instant when,
                                             const std::string& body,
                                             const std::string& secret) const;

  Bank& bank_;
  const Faults& faults_;
  Dice& dice_;
  Worker& worker_;
  const Clock& clock_;
  Counters counters_;
  std::set<std::int64_t> under_way_;
  client::HttpClient client_;
};

}  // namespace dibs::sandbox

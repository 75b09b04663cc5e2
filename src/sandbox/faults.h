#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace dibs::sandbox {

/// What goes wrong at the sandbox, and how often. Shares are from 0 to 1.
struct Faults {
  double decline = 0.2;       ///< of the payments with the token tok_random
  double delay_ms = 50;       ///< before any answer
  double late_ms = 3000;      ///< until tok_late, or an `async` payment, is decided
  double async = 0;           ///< answered `processing`; the result comes by webhook or on asking
  double error = 0;           ///< answered with 503, nothing done
  double timeout = 0;         ///< done, and never answered
  double lost = 0;            ///< done, and the connection cut instead of an answer
  double restart = 0;         ///< done, and the process starts anew before it answers
  double refuse_capture = 0;  ///< captures finally refused
  double never_sent = 0;      ///< webhooks that are never sent
  double duplicate = 0;       ///< webhooks sent twice
  double reorder = 0;         ///< webhooks sent behind the next one
  double late_webhook = 0;    ///< webhooks sent late_ms later
  double forged = 0;          ///< webhooks with a forged one beside them
  double wrong_amount = 0;    ///< webhooks with a signed one of a wrong amount beside them
  double wrong_order = 0;     ///< webhooks with a signed one of an order that is not beside them
  double stale = 0;           ///< webhooks with a copy signed ten minutes ago beside them
};

struct FaultRow {
  std::string_view name;
  double Faults::* member;
  double max;
  std::string_view help;
};
/// Every fault, in the order of the page and of the documents.
inline constexpr std::array<FaultRow, 17> kFaults = {
    {{"decline", &Faults::decline, 1, "payments with tok_random that are declined"},
     {"delay_ms", &Faults::delay_ms, 60'000, "milliseconds before any answer"},
     {"late_ms", &Faults::late_ms, 600'000,
      "milliseconds until tok_late, an async payment or a late webhook"},
     {"async", &Faults::async, 1, "payments answered `processing`, decided late_ms later"},
     {"error", &Faults::error, 1, "calls answered 503, nothing done"},
     {"timeout", &Faults::timeout, 1, "calls done and never answered"},
     {"lost", &Faults::lost, 1, "calls done, the answer cut off behind its head"},
     {"restart", &Faults::restart, 1, "calls done, the process restarted instead of an answer"},
     {"refuse_capture", &Faults::refuse_capture, 1, "captures finally refused"},
     {"never_sent", &Faults::never_sent, 1, "webhooks never sent"},
     {"duplicate", &Faults::duplicate, 1, "webhooks sent twice"},
     {"reorder", &Faults::reorder, 1, "webhooks sent behind the next one"},
     {"late_webhook", &Faults::late_webhook, 1, "webhooks sent late_ms later"},
     {"forged", &Faults::forged, 1, "webhooks with a forged one beside them"},
     {"wrong_amount", &Faults::wrong_amount, 1, "webhooks with one of a wrong amount beside them"},
     {"wrong_order", &Faults::wrong_order, 1, "webhooks with one of another order beside them"},
     {"stale", &Faults::stale, 1, "webhooks with a copy signed ten minutes ago beside them"}}};

/// Sets what `text` names, `timeout=0.2,duplicate=1`; the others stay. Fails naming the part that
/// is wrong, and then changes nothing.
[[nodiscard]] Result<void> apply_faults(std::string_view text, Faults& faults);
[[nodiscard]] std::string to_json(const Faults& faults);

/// Draws whether a fault happens; with the same seed, the same draws.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] bool falls(double share) {
    return share > 0 && std::uniform_real_distribution<double>(0, 1)(engine_) < share;
  }

 private:
  std::mt19937_64 engine_;
};

[[nodiscard]] inline Duration milliseconds(double count) {
  return std::chrono::microseconds(static_cast<std::int64_t>(count * 1000));
}

}  // namespace dibs::sandbox

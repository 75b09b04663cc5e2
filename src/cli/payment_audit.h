#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace dibs::cli {

struct PaymentAudit {
  std::uint64_t orders = 0;   ///< of sales that the provider takes the money of
  std::uint64_t intents = 0;  ///< of these sales
  std::int64_t taken = 0;     ///< minor units that the provider has and keeps
  std::vector<std::string> differences;
};

/// Holds every order of a data directory against the provider's books at `url`. Blocks until all of
/// them are read.
[[nodiscard]] Result<PaymentAudit> audit_payments(const std::string& data, const std::string& url);

/// Asks the provider what is open. Fails when it does not answer, does not know us, or does not
/// speak the protocol.
[[nodiscard]] Result<void> try_provider(const std::string& url);

/// Waits until the provider holds nothing reserved any more, for up to `patience`.
void await_settled(const std::string& url, Duration patience);

[[nodiscard]] std::string summary(const PaymentAudit& audit);

}  // namespace dibs::cli

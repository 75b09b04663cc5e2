#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/ids.h"

/// The seam to whoever moves money. Knows nothing of sales' rules.
namespace dibs::payment {

enum class Verdict : std::uint8_t {
  authorised,  ///< the money is reserved; capture or void it later
  declined,    ///< final for this attempt
};

struct Attempt {
  OrderId order;
  std::int64_t amount = 0;  ///< minor units
  std::string currency;
  std::string token;  ///< what the buyer's page got from the provider
  std::string key;    ///< idempotency key of the attempt: the same key never charges twice
};

/// A payment provider. Calls do not block; `done` is called exactly once, on any thread, at once
/// or much later. `true` in capture, void and refund: it is done, or had been done before.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  virtual void authorise(const Attempt& attempt, std::move_only_function<void(Verdict)> done) = 0;
  virtual void capture(const OrderId& order, std::move_only_function<void(bool)> done) = 0;
  virtual void void_authorisation(const OrderId& order,
                                  std::move_only_function<void(bool)> done) = 0;
  virtual void refund(const OrderId& order, std::move_only_function<void(bool)> done) = 0;
  /// Whether `token` can be one of this provider's; one that is refused here is malformed.
  [[nodiscard]] virtual bool accepts(std::string_view token) const { return !token.empty(); }
  /// Whether authorise calls `done` before it returns, for this token.
  [[nodiscard]] virtual bool answers_at_once(std::string_view token) const = 0;
};

}  // namespace dibs::payment

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

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

/// An authorisation that is neither captured nor voided, as the provider knows it.
struct OpenPayment {
  OrderId order;
  std::int64_t amount = 0;
  std::string currency;
};

/// What a provider says of one attempt by itself (a webhook).
struct Told {
  OrderId order;
  std::string key;  ///< of the attempt
  std::int64_t amount = 0;
  std::string currency;
  std::optional<Verdict> verdict;  ///< nothing: news that decides nothing for the sale
};

/// A payment provider. Calls do not block; `done` is called exactly once, on any thread, at once
/// or much later: a provider that does not answer is asked again, with the same key, until it does.
/// What has not been answered when the provider object is destroyed never is.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  virtual void authorise(const Attempt& attempt, std::move_only_function<void(Verdict)> done) = 0;

  /// Takes `amount` of the authorised money of an order: of several authorisations of that amount
  /// one, and all others are voided. True: it is taken, or had been before. False: finally refused,
  /// nothing is taken and nothing left reserved.
  virtual void capture(const OrderId& order, std::int64_t amount,
                       std::move_only_function<void(bool)> done) = 0;
  /// Gives up every authorisation of an order. True: none is left.
  virtual void void_authorisation(const OrderId& order,
                                  std::move_only_function<void(bool)> done) = 0;
  /// Gives the taken money of an order back. True: it is given, or had been before.
  virtual void refund(const OrderId& order, std::move_only_function<void(bool)> done) = 0;

  /// For taking up what a crash cut short. None when it cannot say now, or keeps no books.
  virtual void open_payments(std::move_only_function<void(std::vector<OpenPayment>)> done) {
    done({});
  }
  /// What the provider decided about the attempt of that key; nothing: it knows none, has not
  /// decided, or cannot say now.
  virtual void look_up(const std::string& /*key*/,
                       std::move_only_function<void(std::optional<Verdict>)> done) {
    done(std::nullopt);
  }

  /// Takes in what a webhook said, authenticity checked by the caller. True: an attempt under way
  /// waited for it and goes on.
  virtual bool hear(const Told& /*told*/) { return false; }

  /// How long to keep from beginning new payments, because the provider has failed again and
  /// again; nothing: it may be asked.
  [[nodiscard]] virtual std::optional<Duration> closed_for() const { return std::nullopt; }
  /// Whether `token` can be one of this provider's; one that is refused here is malformed.
  [[nodiscard]] virtual bool accepts(std::string_view token) const { return !token.empty(); }
  /// Whether authorise calls `done` before it returns, for this token.
  [[nodiscard]] virtual bool answers_at_once(std::string_view token) const = 0;
};

}  // namespace dibs::payment

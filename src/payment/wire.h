#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What Dibs and a payment provider say to each other in JSON (docs/formats/provider.md).
namespace dibs::payment {

/// A payment intent: one attempt to pay for one order.
struct Intent {
  enum class Status : std::uint8_t {
    processing,        ///< not decided yet
    requires_capture,  ///< authorised
    declined,
    captured,
    canceled,  ///< the authorisation was given up
    refunded,
  };

  std::string id;
  std::string key;    ///< the attempt's idempotency key
  std::string order;  ///< as text: to a provider it is only a name
  std::int64_t amount = 0;
  std::string currency;
  Status status = Status::processing;

  friend bool operator==(const Intent&, const Intent&) = default;
};

[[nodiscard]] std::string_view to_text(Intent::Status status);
[[nodiscard]] std::optional<Intent::Status> parse_status(std::string_view text);

/// The request that makes an intent: everything of it but id and status, and the buyer's token.
struct IntentRequest {
  std::string order;
  std::int64_t amount = 0;
  std::string currency;
  std::string token;
};

/// An event that a provider sends by itself.
struct IntentEvent {
  std::string type;  ///< `payment_intent.` and the status that it reached
  Intent intent;
};

[[nodiscard]] std::string to_json(const Intent& intent);
[[nodiscard]] std::string to_json(const IntentRequest& request);
[[nodiscard]] std::string to_json(const IntentEvent& event);
/// `{"data": […], "next": KEY or null}`
[[nodiscard]] std::string to_json(const std::vector<Intent>& intents, std::string_view next);

// Each of these fails naming the member that is missing or of the wrong kind; members that are not
// known are passed over, so that a provider may send more.
[[nodiscard]] Result<Intent> parse_intent(std::string_view json);
[[nodiscard]] Result<IntentRequest> parse_intent_request(std::string_view json);
[[nodiscard]] Result<IntentEvent> parse_intent_event(std::string_view json);
struct IntentPage {
  std::vector<Intent> intents;
  std::string next;  ///< what to ask for to go on; empty: that was all
};
[[nodiscard]] Result<IntentPage> parse_intents(std::string_view json);

}  // namespace dibs::payment

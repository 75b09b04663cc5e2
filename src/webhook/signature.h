#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// Signed calls between servers after the Standard Webhooks specification (standardwebhooks.com):
/// HMAC-SHA256 over `ID.TIMESTAMP.BODY`, in the headers webhook-id, webhook-timestamp and
/// webhook-signature. Pure functions; any thread.
namespace dibs::webhook {

/// How far a message's timestamp may lie from the receiver's clock, either way.
inline constexpr Duration kWindow = std::chrono::seconds(300);

/// A key shared by both ends, spelled `whsec_` and 24 to 64 bytes in base64.
class Secret {
 public:
  /// Fails, without showing the text, when it is not one.
  [[nodiscard]] static Result<Secret> parse(std::string_view text);
  /// A fresh random one of 32 bytes.
  [[nodiscard]] static Secret random();

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

/// What a message carries beside its body.
struct Signature {
  std::string id;         ///< of the event: the same when the message is sent again
  std::string timestamp;  ///< seconds since the epoch, of this sending
  std::string signature;  ///< `v1,BASE64`, one for each secret, blanks between
};

/// Signs with every secret, so that a receiver that knows only the old or the new one accepts it.
[[nodiscard]] Signature sign(std::string_view id, Instant now, std::string_view body,
                             const std::vector<Secret>& secrets);

enum class Check : std::uint8_t {
  good,
  malformed,  ///< a header is missing or not of its form
  forged,     ///< no signature fits any of the secrets
  stale,      ///< signed, but longer ago or further ahead than kWindow
};
/// Compares in a time that does not depend on where signatures differ.
[[nodiscard]] Check check(const Signature& given, std::string_view body, Instant now,
                          const std::vector<Secret>& secrets);

}  // namespace dibs::webhook

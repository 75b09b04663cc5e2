#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/identity.h"
#include "base/time.h"
#include "http/message.h"

namespace dibs::api {

/// The console's cookie. Over plain HTTP, which is served from loopback only, its name has no
/// `__Host-`, since browsers keep that prefix for TLS.
inline constexpr std::string_view kConsoleCookie = "__Host-dibs-console";
inline constexpr std::string_view kConsoleCookieOnLoopback = "dibs-console";

/// Whether the request was sent to this machine by name: `localhost`, 127.…, [::1].
[[nodiscard]] bool sent_to_loopback(const http::Request& request);
/// The id of a session in the request's cookies; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> console_session_id(const http::Request& request);

/// Who is logged in to the operator console. Thread-safe.
///
/// In memory only: a restart, and so every change of a token, ends all of them
/// (docs/decisions/0811-console-session.md). What is kept is a hash of each id, never the id.
class ConsoleSessions {
 public:
  static constexpr Duration kLife = std::chrono::hours(12);
  /// Far more than there are operators; the one that ends first makes room. Some 200 bytes each.
  static constexpr std::size_t kMax = 1'000;

  struct Session {
    Identity who;
    Duration ends{0};  ///< on the monotonic clock: what is judged by
    Instant ends_at;   ///< the same for people
  };
  struct Opened {
    std::string id;  ///< 128 random bits, base64url
    Instant ends_at;
  };

  /// A new session of `who` that is good for kLife.
  [[nodiscard]] Opened open(Identity who, const Clock& clock);
  /// The session of that id, if it has not ended.
  [[nodiscard]] std::optional<Session> find(std::string_view id, const Clock& clock) const;
  /// Ends it at once; nothing happens when there is none.
  void end(std::string_view id);

 private:
  using Hash = std::array<unsigned char, 32>;  ///< SHA-256
  static Hash hash_of(std::string_view id);
  void make_room(Duration now);

  mutable std::mutex mutex_;  ///< guards sessions_; a leaf in the lock order
  std::map<Hash, Session> sessions_;
};

}  // namespace dibs::api

#include "api/console_sessions.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "api/base64url.h"
#include "api/cookie.h"
#include "base/assert.h"

namespace dibs::api {
namespace {

constexpr std::size_t kIdBytes = 16;

std::string random_id() {
  std::array<unsigned char, kIdBytes> bytes{};
  // Only a broken system has no random bytes; an id that can be guessed must never be given out.
  DIBS_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

bool sent_to_loopback(const http::Request& request) {
  auto host = request.header("Host").value_or("");
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  // Not 127.evil.example: only digits and dots behind it.
  return host == "localhost" || (host.starts_with("127.") &&
                                 host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::optional<std::string_view> console_session_id(const http::Request& request) {
  const auto cookies = request.header("Cookie");
  if (!cookies) return std::nullopt;
  if (const auto id = cookie_value(*cookies, kConsoleCookie)) return id;
  if (!sent_to_loopback(request)) return std::nullopt;
  return cookie_value(*cookies, kConsoleCookieOnLoopback);
}

ConsoleSessions::Hash ConsoleSessions::hash_of(std::string_view id) {
  Hash hash{};
  SHA256(reinterpret_cast<const unsigned char*>(id.data()), id.size(), hash.data());
  return hash;
}

void ConsoleSessions::make_room(Duration now) {
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.ends <= now; });
  while (sessions_.size() >= kMax) {
    sessions_.erase(std::ranges::min_element(sessions_, {},
                                             [](const auto& entry) { return entry.second.ends; }));
  }
}

ConsoleSessions::Opened ConsoleSessions::open(Identity who, const Clock& clock) {
  const Duration now = clock.monotonic();
  Opened opened{.id = random_id(), .ends_at = clock.now() + kLife};
  const std::lock_guard lock(mutex_);
  make_room(now);
  sessions_[hash_of(opened.id)] = {std::move(who), now + kLife, opened.ends_at};
  return opened;
}

std::optional<ConsoleSessions::Session> ConsoleSessions::find(std::string_view id,
                                                              const Clock& clock) const {
  const Hash hash = hash_of(id);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end() || found->second.ends <= clock.monotonic()) return std::nullopt;
  return found->second;
}

void ConsoleSessions::end(std::string_view id) {
  const Hash hash = hash_of(id);
  const std::lock_guard lock(mutex_);
  sessions_.erase(hash);
}

}  // namespace dibs::api

#pragma once

#include <sys/socket.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "redis/address.h"

namespace dibs::redis {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Where an address may be reached, best first; why not, when there is none.
struct Places {
  std::deque<SocketAddress> places;
  std::string why_none;
};

/// Of a number or a path: at once. Of a name: nothing.
[[nodiscard]] std::optional<Places> places_at_once(const Address& address);

/// Looks a name up on a thread of its own, since that may take as long as the name server likes.
/// The thread ends when the name server has answered, which may be after this object is gone.
class Resolution {
 public:
  explicit Resolution(const Address& address);
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;
  ~Resolution() = default;

  /// Readable when there is an answer. Closed when this object and the thread are gone.
  [[nodiscard]] int fd() const;
  /// The answer, once.
  [[nodiscard]] std::optional<Places> take();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace dibs::redis

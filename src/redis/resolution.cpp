#include "redis/resolution.h"

#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace dibs::redis {
namespace {

Places look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return {.places = {}, .why_none = ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, ::freeaddrinfo);
  Places out;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress& place = out.places.emplace_back();
    std::memcpy(&place.storage, one->ai_addr, one->ai_addrlen);
    place.size = one->ai_addrlen;
  }
  return out;
}

Places of_path(const std::string& path) {
  sockaddr_un to{};
  if (path.size() >= sizeof to.sun_path) return {.places = {}, .why_none = "the path is too long"};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  SocketAddress place;
  std::memcpy(&place.storage, &to, sizeof to);
  place.size = sizeof to;
  return {.places = {place}, .why_none = {}};
}

}  // namespace

std::optional<Places> places_at_once(const Address& address) {
  if (!address.path.empty()) return of_path(address.path);
  Places places = look_up(address.host, address.port, AI_NUMERICHOST);
  if (places.places.empty()) return std::nullopt;
  return places;
}

/// What the thread leaves behind.
struct Resolution::Shared {
  Shared() : fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    if (fd >= 0) ::close(fd);
  }

  const int fd;
  std::mutex mutex;
  std::optional<Places> answer;  ///< guarded by mutex
};

Resolution::Resolution(const Address& address) : shared_(std::make_shared<Shared>()) {
  std::thread([shared = shared_, host = address.host, port = address.port] {
    Places places = look_up(host, port, 0);
    {
      const std::scoped_lock lock(shared->mutex);
      shared->answer = std::move(places);
    }
    ::eventfd_write(shared->fd, 1);
  }).detach();
}

int Resolution::fd() const { return shared_->fd; }

std::optional<Places> Resolution::take() {
  const std::scoped_lock lock(shared_->mutex);
  return std::exchange(shared_->answer, std::nullopt);
}

}  // namespace dibs::redis

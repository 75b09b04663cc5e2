#include "redis/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace dibs::redis {
namespace {

std::unexpected<Fault> not_reached(const Address& address, const std::string& why) {
  return fault(FaultKind::unavailable,
               "Redis at " + address.shown() + " cannot be reached: " + why + ".",
               "Start it, or correct --store.");
}

Result<int> begin(const Address& address, int family, const sockaddr* to, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return not_reached(address, std::strerror(errno));
  if (family != AF_UNIX) {
    const int yes = 1;  // a micro-batch must not wait for the acknowledgement of the one before
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  }
  if (::connect(fd, to, size) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  ::close(fd);
  return not_reached(address, std::strerror(error));
}

Result<int> begin_unix(const Address& address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof to.sun_path)
    return not_reached(address, "the path is too long");
  std::memcpy(to.sun_path, address.path.data(), address.path.size());
  return begin(address, AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace

Result<int> begin_to_connect(const Address& address) {
  if (!address.path.empty()) return begin_unix(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) return not_reached(address, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, ::freeaddrinfo);
  return begin(address, found->ai_family, found->ai_addr, found->ai_addrlen);
}

}  // namespace dibs::redis

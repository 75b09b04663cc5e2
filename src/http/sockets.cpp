#include "http/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace dibs::http {
namespace {

/// The kernel lowers it to net.core.somaxconn. A rush opens thousands of connections at once, and
/// one that finds the queue full waits a second or more for its next SYN.
constexpr int kBacklog = 65'535;

constexpr std::string_view kMappedV4 = "::ffff:";

struct HostAndPort {
  std::string host;
  std::string port;
};

std::optional<HostAndPort> split(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return std::nullopt;  // an IPv6 address without brackets: where does the port begin?
  }
  // getaddrinfo would take 99999 for 34463.
  std::uint16_t number = 0;
  const char* last = address.data() + address.size();
  const auto [end, error] = std::from_chars(address.data() + colon + 1, last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return HostAndPort{std::move(host), address.substr(colon + 1)};
}

std::unexpected<Fault> cannot_listen(const std::string& address, const std::string& why) {
  return fault(FaultKind::unavailable, "Cannot listen on " + address + ": " + why + ".",
               "Choose another address with --listen, or stop the process that uses it.");
}

bool set_option(const Fd& socket, int level, int name) {
  const int on = 1;
  return ::setsockopt(socket.get(), level, name, &on, sizeof on) == 0;
}

std::string error_text(int error) { return std::generic_category().message(error); }

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

/// Where a socket is bound; of size 0 when that cannot be told.
Place place_of(const Fd& socket) {
  Place place;
  place.size = sizeof place.address;
  auto* address = reinterpret_cast<sockaddr*>(&place.address);
  if (::getsockname(socket.get(), address, &place.size) != 0) place.size = 0;
  return place;
}

/// What a client's socket needs, and inherits from the socket that listens.
bool set_client_options(const Fd& socket) {
  return set_option(socket, SOL_SOCKET, SO_TIMESTAMPNS) &&
         set_option(socket, IPPROTO_TCP, TCP_NODELAY);
}

/// An invalid Fd and errno when that fails.
Fd listen_at(const Place& place, bool joins) {
  Fd socket(::socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool listens =
      socket.valid() && set_option(socket, SOL_SOCKET, SO_REUSEADDR) &&
      (!joins || set_option(socket, SOL_SOCKET, SO_REUSEPORT)) && set_client_options(socket) &&
      ::bind(socket.get(), place.get(), place.size) == 0 && ::listen(socket.get(), kBacklog) == 0;
  return listens ? std::move(socket) : Fd();
}

Result<std::vector<Fd>> listen_together(const std::string& address, Place place,
                                        std::size_t count) {
  std::vector<Fd> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    // The first one does not share its address, so a second server cannot slip in beside a first.
    // Only once it listens alone does it let the others join; and a port of 0 is chosen by then.
    Fd socket = listen_at(place, i > 0);
    if (!socket.valid()) return cannot_listen(address, error_text(errno));
    if (i == 0 && count > 1) {
      if (!set_option(socket, SOL_SOCKET, SO_REUSEPORT))
        return cannot_listen(address, error_text(errno));
      place = place_of(socket);
    }
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

std::string numeric_host(const Place& place) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(place.get(), place.size, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return {};
  return host.data();
}

std::optional<Instant> stamp_of(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    return Instant(std::chrono::seconds(stamp.tv_sec) + Duration(stamp.tv_nsec));
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<Fd>> open_listeners(const std::string& address, std::size_t count) {
  const auto parts = split(address);
  if (!parts)
    return fault(FaultKind::bad_input, "'" + address + "' is not an address to listen on.",
                 "Write HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080.");
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (rc != 0) return cannot_listen(address, ::gai_strerror(rc));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Place place;
  place.size = found->ai_addrlen;
  std::memcpy(&place.address, found->ai_addr, found->ai_addrlen);
  return listen_together(address, place, count);
}

Result<void> take_over_listener(const Fd& socket) {
  int listens = 0;
  socklen_t size = sizeof listens;
  const bool is_socket =
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0;
  const sa_family_t family = place_of(socket).address.ss_family;
  if (!is_socket || listens == 0 || (family != AF_INET && family != AF_INET6))
    return fault(FaultKind::bad_input,
                 "Descriptor " + std::to_string(socket.get()) +
                     " was handed over as a listening TCP socket and is none.",
                 "In a systemd .socket unit, write ListenStream=HOST:PORT and Accept=no.");
  const int flags = ::fcntl(socket.get(), F_GETFL);
  const bool ready = ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) == 0 &&
                     ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) == 0 &&
                     set_client_options(socket) && ::listen(socket.get(), kBacklog) == 0;
  if (!ready) return cannot_listen(local_address(socket), error_text(errno));
  return {};
}

std::string local_address(const Fd& socket) {
  const Place place = place_of(socket);
  if (place.size == 0) return {};
  const bool v6 = place.address.ss_family == AF_INET6;
  const auto port = v6 ? reinterpret_cast<const sockaddr_in6&>(place.address).sin6_port
                       : reinterpret_cast<const sockaddr_in&>(place.address).sin_port;
  const std::string host = numeric_host(place);
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(ntohs(port));
}

Accepted accept_one(const Fd& listener, bool set_options) {
  Place place;
  place.size = sizeof place.address;
  auto* address = reinterpret_cast<sockaddr*>(&place.address);
  Accepted accepted;
  accepted.socket =
      Fd(::accept4(listener.get(), address, &place.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.socket.valid()) {
    accepted.error = errno;
    return accepted;
  }
  if (set_options) static_cast<void>(set_client_options(accepted.socket));
  accepted.peer = numeric_host(place);
  if (accepted.peer.starts_with(kMappedV4)) accepted.peer.erase(0, kMappedV4.size());
  return accepted;
}

StampedRead read_stamped(const Fd& socket, std::span<char> buffer) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
  iovec target{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &target;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  StampedRead read;
  do {
    read.bytes = ::recvmsg(socket.get(), &message, MSG_DONTWAIT);
  } while (read.bytes < 0 && errno == EINTR);
  if (read.bytes < 0) read.error = errno;
  if (read.bytes > 0) read.received = stamp_of(message);
  return read;
}

void reset_on_close(const Fd& socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace dibs::http

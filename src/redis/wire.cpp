#include "redis/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dibs::redis {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} << 10U;

/// A non-blocking socket whose connection has been begun, or -1 and errno.
int begin_to_connect(const SocketAddress& to) {
  const int family = to.storage.ss_family;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (family != AF_UNIX) {
    const int yes = 1;  // a micro-batch must not wait for the acknowledgement of the one before
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  }
  const auto* generic = reinterpret_cast<const sockaddr*>(&to.storage);
  if (::connect(fd, generic, to.size) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

Result<void> Wire::open() {
  close();
  has_been_there_ = false;
  if (auto places = places_at_once(address_)) {
    places_ = std::move(*places);
    return connect_next(places_.why_none);
  }
  resolution_ = std::make_unique<Resolution>(address_);
  state_ = State::looked_up;
  return {};
}

void Wire::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::closed;
  resolution_.reset();
  tls_.reset();
  places_ = {};
  waiting_.clear();
  out_.clear();
  written_ = 0;
}

std::unexpected<Fault> Wire::lost(const std::string& how) {
  const bool was_there = state_ == State::there;
  close();
  return fault(FaultKind::unavailable,
               (was_there ? "The connection to Redis at " + address_.shown() + " is lost: "
                          : "Redis at " + address_.shown() + " cannot be reached: ") +
                   how + ".",
               "It is tried again by itself; look whether Redis runs and --store is right.");
}

Result<void> Wire::connect_next(std::string why_not) {
  while (!places_.places.empty()) {
    fd_ = begin_to_connect(places_.places.front());
    places_.places.pop_front();
    if (fd_ >= 0) {
      state_ = State::connecting;
      return {};
    }
    why_not = std::strerror(errno);
  }
  return lost(why_not);
}

Result<void> Wire::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    ::close(std::exchange(fd_, -1));
    return connect_next(std::strerror(error));
  }
  if (!address_.tls) {
    there();
    return {};
  }
  auto tls = TlsSession::begin(*address_.tls, address_.host);
  if (!tls) {
    close();
    return std::unexpected(tls.error());
  }
  tls_ = std::move(*tls);
  state_ = State::shaking_hands;
  return shake_hands();
}

Result<void> Wire::shake_hands() {
  if (auto why = tls_->shake_hands()) return lost(*why);
  if (tls_->is_there()) there();
  return {};
}

void Wire::there() {
  state_ = State::there;
  has_been_there_ = true;
  send(std::exchange(waiting_, {}));
}

void Wire::send(std::string_view bytes) {
  if (state_ != State::there) {
    waiting_ += bytes;
    return;
  }
  if (tls_) return tls_->encrypt(bytes);
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
  }
  out_ += bytes;
}

int Wire::fd() const { return resolution_ ? resolution_->fd() : fd_; }

short Wire::wanted_events() const {
  const bool writes =
      state_ == State::connecting || written_ < out_.size() || (tls_ && tls_->has_output());
  return static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
}

Result<void> Wire::ready(short events, std::string& received) {
  if (state_ == State::looked_up) {
    auto places = resolution_->take();
    if (!places) return {};
    resolution_.reset();
    places_ = std::move(*places);
    return connect_next(places_.why_none);
  }
  if (state_ == State::connecting) {
    if ((events & (POLLOUT | POLLERR | POLLHUP)) == 0) return {};
    if (auto done = connected(); !done || state_ == State::connecting) return done;
  }
  if (state_ == State::closed) return {};
  if (auto done = write_out(); !done) return done;
  if ((events & (POLLIN | POLLERR | POLLHUP)) == 0) return {};
  return read_in(received);
}

Result<void> Wire::write_out() {
  if (tls_ && tls_->is_broken()) return lost("its TLS session is broken");
  if (tls_ && tls_->has_output()) {
    out_.erase(0, written_);
    written_ = 0;
    tls_->take_output(out_);
  }
  while (written_ < out_.size()) {
    const ssize_t sent = ::send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (sent < 0) return lost(std::strerror(errno));
    written_ += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<void> Wire::read_in(std::string& received) {
  std::array<char, kReadAtOnce> bytes{};
  while (true) {
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (got < 0) return lost(std::strerror(errno));
    if (got == 0) {
      return lost(state_ == State::shaking_hands
                      ? "it closed the connection before TLS was agreed on; is that its tls-port?"
                      : "Redis closed it");
    }
    const std::string_view chunk(bytes.data(), static_cast<std::size_t>(got));
    if (!tls_) {
      received += chunk;
    } else {
      tls_->came(chunk);
      if (state_ == State::shaking_hands) {
        if (auto done = shake_hands(); !done) return done;
      }
      if (auto why = tls_->decrypt(received)) return lost(*why);
      if (auto done = write_out(); !done) return done;
    }
    if (chunk.size() < bytes.size()) return {};
  }
}

}  // namespace dibs::redis

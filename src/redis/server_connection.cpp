#include "redis/server_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "redis/socket.h"

namespace dibs::redis {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} << 10U;
/// A reply of more than this is none of ours.
constexpr std::size_t kUnreadMax = std::size_t{512} << 20U;

struct FreeOneReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

std::string formatted(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out.append("$").append(std::to_string(word.size())).append("\r\n");
    out.append(word).append("\r\n");
  }
  return out;
}

}  // namespace

ServerConnection::ServerConnection(Address address, const Clock& clock)
    : address_(std::move(address)), clock_(clock) {}

ServerConnection::~ServerConnection() {
  if (fd_ >= 0) ::close(fd_);
}

void ServerConnection::open() {
  auto fd = begin_to_connect(address_);
  if (!fd) {
    why_closed_ = fd.error();
    return;
  }
  fd_ = *fd;
  connecting_ = true;
  reader_.reset(redisReaderCreate());
  out_.clear();
  written_ = 0;
  begin_session();
}

void ServerConnection::begin_session() {
  const auto must = [this](std::string_view what) {
    return [this, what](Result<const redisReply*> reply) {
      if (!reply || (*reply)->type != REDIS_REPLY_ERROR) return;
      close({FaultKind::unavailable,
             "Redis at " + address_.shown() + " refuses " + std::string(what) + ": " +
                 std::string((*reply)->str, (*reply)->len) + ".",
             "Correct user, password and database of --store."});
    };
  };
  if (!address_.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!address_.user.empty()) words.push_back(address_.user);
    words.push_back(address_.password);
    call(words, must("the password"));
  }
  if (address_.database != 0) {
    call({"SELECT", std::to_string(address_.database)}, must("the database"));
  }
}

void ServerConnection::close(Fault why) {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  why_closed_ = std::move(why);
  // What was written may have reached the server; which calls these are is not worth knowing:
  // a connection that was never there has sent nothing.
  Fault fault = why_closed_;
  if (!connecting_) fault.kind = FaultKind::unknown;
  connecting_ = false;
  auto waiting = std::exchange(waiting_, {});
  for (Waiting& one : waiting) one.then(std::unexpected(fault));
}

Fault ServerConnection::lost(const std::string& how) const {
  return {FaultKind::unavailable,
          (connecting_ ? "Redis at " + address_.shown() + " cannot be reached: "
                       : "The connection to Redis at " + address_.shown() + " is lost: ") +
              how + ".",
          "It is tried again by itself; look whether Redis runs."};
}

void ServerConnection::call(const std::vector<std::string>& words, Then then) {
  if (fd_ < 0) return then(std::unexpected(why_closed_));
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
  }
  out_ += formatted(words);
  waiting_.push_back({std::move(then), clock_.monotonic()});
}

std::optional<Duration> ServerConnection::waiting_since() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().since;
}

short ServerConnection::wanted_events() const {
  const bool writes = connecting_ || written_ < out_.size();
  return static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
}

void ServerConnection::ready(short events) {
  if (fd_ < 0) return;
  if (connecting_ && (events & (POLLOUT | POLLERR | POLLHUP)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return close(lost(std::strerror(error)));
    connecting_ = false;
  }
  if (!connecting_) write_out();
  if (fd_ >= 0 && (events & (POLLIN | POLLERR | POLLHUP)) != 0) read_in();
}

void ServerConnection::write_out() {
  while (written_ < out_.size()) {
    const ssize_t sent = ::send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (sent < 0) return close(lost(std::strerror(errno)));
    written_ += static_cast<std::size_t>(sent);
  }
}

void ServerConnection::read_in() {
  std::array<char, kReadAtOnce> bytes{};
  while (true) {
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got < 0) return close(lost(std::strerror(errno)));
    if (got == 0) return close(lost("Redis closed it"));
    redisReaderFeed(reader_.get(), bytes.data(), static_cast<std::size_t>(got));
    void* next = nullptr;
    while (true) {
      if (redisReaderGetReply(reader_.get(), &next) != REDIS_OK || reader_->len > kUnreadMax) {
        return close(lost("what came is not Redis' protocol"));
      }
      if (next == nullptr) break;
      const std::unique_ptr<redisReply, FreeOneReply> reply(static_cast<redisReply*>(next));
      if (waiting_.empty()) return close(lost("a reply came that nobody asked for"));
      Then then = std::move(waiting_.front().then);
      waiting_.pop_front();
      then(reply.get());
      if (fd_ < 0) return;
    }
    if (static_cast<std::size_t>(got) < bytes.size()) return;
  }
}

}  // namespace dibs::redis

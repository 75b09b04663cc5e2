#include "load/plain_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace dibs::load {
namespace {

constexpr int kPatienceMs = 10'000;

[[nodiscard]] bool wait_for(const Fd& socket, short events) {
  pollfd entry{socket.get(), events, 0};
  return poll(&entry, 1, kPatienceMs) == 1;
}

}  // namespace

std::optional<http::ReceivedResponse> PlainClient::ask(std::string_view request) {
  const bool kept = socket_.valid();
  auto answer = ask_once(request);
  if (!answer && kept) answer = ask_once(request);
  return answer;
}

std::optional<http::ReceivedResponse> PlainClient::ask_once(std::string_view request) {
  const auto failed = [this] {
    socket_ = Fd();
    return std::nullopt;
  };
  if (!socket_.valid()) {
    socket_ = begin_connect(endpoint_);
    reader_ = {};
    if (!socket_.valid() || !wait_for(socket_, POLLOUT) || connect_error(socket_) != 0) {
      return failed();
    }
  }
  while (!request.empty()) {
    const ssize_t sent = send_some(socket_, request);
    if (sent < 0 && errno != EAGAIN) return failed();
    if (sent < 0 && !wait_for(socket_, POLLOUT)) return failed();
    if (sent > 0) request.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::array<char, std::size_t{16} * 1024> buffer{};
  while (true) {
    if (auto answer = reader_.take()) {
      if (answer->close) socket_ = Fd();
      return answer;
    }
    if (!wait_for(socket_, POLLIN)) return failed();
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) continue;
    if (size <= 0 || !reader_.feed({buffer.data(), static_cast<std::size_t>(size)})) {
      return failed();
    }
  }
}

}  // namespace dibs::load

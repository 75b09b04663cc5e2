#include "load/plain_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace dibs::load {
bool PlainClient::wait_for(short events) {
  pollfd entry{socket_.get(), events, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience_).count();
  waited_out_ = poll(&entry, 1, static_cast<int>(ms)) != 1;
  return !waited_out_;
}

std::optional<http::ReceivedResponse> PlainClient::ask(std::string_view request) {
  if (lost_) return std::nullopt;
  const bool kept = socket_.valid();
  auto answer = ask_once(request);
  if (!answer && kept && !waited_out_) answer = ask_once(request);
  lost_ = !answer;
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
    if (!socket_.valid() || !wait_for(POLLOUT) || connect_error(socket_) != 0) {
      return failed();
    }
  }
  while (!request.empty()) {
    const ssize_t sent = send_some(socket_, request);
    if (sent < 0 && errno != EAGAIN) return failed();
    if (sent < 0 && !wait_for(POLLOUT)) return failed();
    if (sent > 0) request.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::array<char, std::size_t{16} * 1024> buffer{};
  while (true) {
    if (auto answer = reader_.take()) {
      if (answer->close) socket_ = Fd();
      return answer;
    }
    if (!wait_for(POLLIN)) return failed();
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) continue;
    if (size <= 0 || !reader_.feed({buffer.data(), static_cast<std::size_t>(size)})) {
      return failed();
    }
  }
}

}  // namespace dibs::load

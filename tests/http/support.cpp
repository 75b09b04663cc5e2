#include "http/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <thread>

namespace dibs::http::testing {

Response FunctionHandler::refusal(std::uint16_t status, std::string_view what) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = "{\"detail\":\"" + std::string(what) + "\"}";
  return response;
}

Response echo(const Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(request.target) + "|" + std::string(request.body);
  return response;
}

FunctionHandler::Function echoing() {
  return [](const Request& request, Responder responder) { responder.respond(echo(request)); };
}

RunningServer::RunningServer(FunctionHandler::Function function)
    : RunningServer(std::move(function), Setup{}) {}

RunningServer::RunningServer(FunctionHandler::Function function, Setup setup)
    : RunningServer(std::move(function), setup, no_watermarks_) {}

RunningServer::RunningServer(FunctionHandler::Function function, Setup setup,
                             WatermarkListener& watermarks)
    : handler_(std::move(function)) {
  Server::Options options;
  options.listen.assign(setup.listeners, "127.0.0.1:0");
  options.loops = setup.loops;
  options.limits = setup.limits;
  options.trusted_proxies = std::move(setup.trusted_proxies);
  auto server = Server::open(std::move(options), handler_, watermarks, system_clock());
  if (!server) throw std::runtime_error(server.error().what);
  server_ = std::move(*server);
  server_->start();
}

std::uint16_t RunningServer::port(std::size_t listener) const {
  const std::string address = server_->addresses().at(listener);
  std::uint16_t port = 0;
  const auto colon = address.rfind(':');
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect failed");
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), reader_(std::move(other.reader_)) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Bytes read into the reader; 0 when the server has closed, -1 after an error or kPatience.
ssize_t Client::read_some() {
  pollfd wanted{fd_, POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return -1;
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got > 0) reader_.feed({buffer.data(), static_cast<std::size_t>(got)});
  return got;
}

std::optional<ReceivedResponse> Client::receive() {
  for (;;) {
    if (auto response = reader_.take()) return response;
    if (reader_.malformed() || read_some() <= 0) return std::nullopt;
  }
}

std::optional<ServerEvent> Client::receive_event() {
  for (;;) {
    if (auto event = reader_.take_event()) return event;
    if (read_some() <= 0) return std::nullopt;
  }
}

bool Client::closed_by_server() {
  pollfd wanted{fd_, POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

bool Client::silent_for(Duration time) {
  pollfd wanted{fd_, POLLIN, 0};
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  return ::poll(&wanted, 1, static_cast<int>(wait.count())) == 0;
}

void Client::shutdown_sending() const { ::shutdown(fd_, SHUT_WR); }

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

void Client::keep_receive_buffer_small() const {
  const int bytes = 4096;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: shop\r\n\r\n";
}

std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: shop\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace dibs::http::testing

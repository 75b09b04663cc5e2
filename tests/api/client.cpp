#include "api/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/description.h"

namespace dibs::api::test {
namespace {

constexpr int kPatienceMs = 20'000;

Reply reply_of(http::ReceivedResponse received) {
  Reply reply;
  reply.status = received.status;
  reply.headers = std::move(received.headers);
  reply.body = std::move(received.body);
  boost::json::error_code ec;
  auto parsed = boost::json::parse(reply.body, ec);
  if (!ec) reply.json = std::move(parsed);
  return reply;
}

}  // namespace

std::string Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool Reply::has(std::string_view member) const {
  return json.is_object() && json.as_object().contains(member);
}

std::string Reply::operator[](std::string_view member) const {
  if (!has(member)) return "-";
  const auto& value = json.as_object().at(member);
  return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
}

std::int64_t Reply::number(std::string_view member) const {
  return has(member) ? json.as_object().at(member).to_number<std::int64_t>() : -1;
}

Client::Client(std::string address) : address_(std::move(address)) { connect(); }

Client::~Client() { close(); }

void Client::connect() {
  const auto colon = address_.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address_.substr(colon + 1))));
  inet_pton(AF_INET, address_.substr(0, colon).c_str(), &to.sin_addr);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int failed = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (failed != 0) ADD_FAILURE() << "cannot connect to " << address_;
  reader_ = http::ResponseReader();
}

void Client::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void Client::send(std::string_view method, std::string_view path, const Headers& headers,
                  std::string_view body) {
  if (socket_ < 0) connect();
  method_ = method;
  path_ = path;
  std::string text;
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\n");
  const auto is_host = [](const auto& header) { return header.first == "Host"; };
  if (std::ranges::none_of(headers, is_host)) text.append("Host: dibs.test\r\n");
  for (const auto& [name, value] : headers) text.append(name + ": " + value + "\r\n");
  if (method == "POST" || method == "PUT" || !body.empty()) {
    text.append("Content-Length: " + std::to_string(body.size()) + "\r\n");
  }
  text.append("\r\n").append(body);
  if (method == "HEAD") {
    reader_.expect_no_body();
  } else {
    reader_.expect_body();
  }
  const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(text.size())) ADD_FAILURE() << "cannot send " << path;
}

bool Client::read_more() {
  pollfd ready{socket_, POLLIN, 0};
  if (poll(&ready, 1, kPatienceMs) != 1) return false;
  std::array<char, 65'536> chunk{};
  const auto got = recv(socket_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  return reader_.feed({chunk.data(), static_cast<std::size_t>(got)});
}

Reply Client::receive() {
  while (true) {
    if (auto received = reader_.take()) {
      const bool ends = received->close && !reader_.streaming();
      Reply reply = reply_of(std::move(*received));
      check_described(method_, path_, reply.status);
      if (ends) close();
      return reply;
    }
    if (read_more()) continue;
    ADD_FAILURE() << "no answer to " << method_ << " " << path_ << " " << reader_.complaint();
    close();
    return {};
  }
}

Reply Client::call(std::string_view method, std::string_view path, const Headers& headers,
                   std::string_view body) {
  send(method, path, headers, body);
  return receive();
}

std::optional<http::ServerEvent> Client::event() {
  while (true) {
    if (auto event = reader_.take_event()) return event;
    if (!read_more()) return std::nullopt;
  }
}

}  // namespace dibs::api::test

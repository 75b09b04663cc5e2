#include "cli/http_call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>

#include "base/fd.h"

namespace dibs::cli {
namespace {

std::unexpected<Fault> unreachable(const std::string& address) {
  return fault(FaultKind::unavailable, "The server at " + address + " does not answer.",
               "Is it running there?");
}

bool connect_to(const Fd& socket, const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  std::uint16_t port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) return false;
  const timeval patience{10, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

bool send_all(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Result<http::ReceivedResponse> call(const std::string& address, std::string_view head,
                                    std::string_view body) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid() || !connect_to(socket, address)) return unreachable(address);
  std::string request(head);
  request += "Host: " + address +
             "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request += body;
  if (!send_all(socket, request)) return unreachable(address);
  http::ResponseReader reader;
  std::array<char, 16 * 1024> chunk{};
  while (true) {
    const auto got = recv(socket.get(), chunk.data(), chunk.size(), 0);
    if (got <= 0 || !reader.feed({chunk.data(), static_cast<std::size_t>(got)})) {
      return unreachable(address);
    }
    if (auto answer = reader.take()) return std::move(*answer);
  }
}

}  // namespace dibs::cli

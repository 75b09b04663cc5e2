#include "load/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "http/sockets.h"
#include "load/fake_sale.h"

namespace dibs::load::testing {
namespace {

std::string header_of(std::string_view head, std::string_view name) {
  const auto at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string_view::npos) return {};
  const auto begin = at + 2 + name.size() + 2;
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

/// Takes a whole request off the front of `in`; false when there is none yet.
bool take_request(std::string& in, FakeRequest& out) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = in.substr(0, end + 2);
  const std::string length = header_of(head, "Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (in.size() < end + 4 + size) return false;
  const auto first = head.find(' ');
  const auto second = head.find(' ', first + 1);
  out = {head.substr(0, first), head.substr(first + 1, second - first - 1),
         header_of(head, "Dibs-Buyer"), header_of(head, "Idempotency-Key"),
         in.substr(end + 4, size)};
  in.erase(0, end + 4 + size);
  return true;
}

/// Answers are far smaller than a socket's buffer.
void send_all(const Fd& socket, const std::string& bytes) {
  static_cast<void>(send_some(socket, bytes));
}

std::string on_the_wire(const FakeAnswer& answer) {
  return "HTTP/1.1 " + std::to_string(answer.status) + " X\r\nContent-Type: " + answer.type +
         "\r\n" + answer.headers + "Content-Length: " + std::to_string(answer.body.size()) +
         "\r\n\r\n" + answer.body;
}

}  // namespace

struct FakeServer::Impl {
  struct Client {
    Fd socket;
    std::string in;
    bool stream = false;
  };
  /// A whole request and when its last byte came.
  struct Arrived {
    Instant at;
    std::size_t client = 0;
    FakeRequest request;
  };

  Options options;
  FakeSale sale;
  Fd listener;
  std::uint16_t port = 0;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> accepted = 0;
  std::vector<std::unique_ptr<Client>> clients;
  std::string told;  ///< what the streams know
  std::thread thread;

  explicit Impl(Options given) : options(given), sale(std::move(given)) {
    listener = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    DIBS_ASSERT(bind(listener.get(), generic, size) == 0);
    DIBS_ASSERT(listen(listener.get(), SOMAXCONN) == 0);
    DIBS_ASSERT(getsockname(listener.get(), generic, &size) == 0);
    port = ntohs(address.sin_port);
    thread = std::thread([this] { serve(); });
  }

  /// Everything that is there is read before anything is answered, in the order of the kernel's
  /// stamps: what one poll reports came before whatever it does not report.
  void serve() {
    std::vector<pollfd> polled;
    while (!stop) {
      polled.assign(1, {listener.get(), POLLIN, 0});
      for (const auto& client : clients) polled.push_back({client->socket.get(), POLLIN, 0});
      if (poll(polled.data(), polled.size(), 10) <= 0) continue;
      std::vector<Arrived> arrived;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) read(i - 1, arrived);
      }
      if (polled[0].revents != 0) accept_all(arrived);
      std::ranges::stable_sort(arrived, {}, &Arrived::at);
      for (const Arrived& each : arrived) answer(*clients[each.client], each.request);
      tell_streams();
      std::erase_if(clients, [](const auto& client) { return !client->socket.valid(); });
    }
  }

  /// A request may have come with its connection, and counts from then.
  void accept_all(std::vector<Arrived>& arrived) {
    while (true) {
      http::Accepted next = http::accept_one(listener);
      if (!next.socket.valid()) return;
      ++accepted;
      clients.push_back(std::make_unique<Client>());
      clients.back()->socket = std::move(next.socket);
      read(clients.size() - 1, arrived);
    }
  }

  void read(std::size_t index, std::vector<Arrived>& arrived) {
    Client& client = *clients[index];
    std::array<char, 16384> buffer{};
    const http::StampedRead read = http::read_stamped(client.socket, buffer);
    if (read.bytes < 0) return;
    if (read.bytes == 0) {
      client.socket = Fd();
      return;
    }
    client.in.append(buffer.data(), static_cast<std::size_t>(read.bytes));
    FakeRequest request;
    while (take_request(client.in, request)) {
      arrived.push_back({read.received.value_or(Instant()), index, request});
    }
  }

  void answer(Client& client, const FakeRequest& request) {
    if (options.stream && request.path == "/v1/sales/rush/events") {
      client.stream = true;
      send_all(client.socket,
               "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + sale.stream_events());
      return;
    }
    const FakeAnswer out = sale.answer(request);
    if (out.cut) {
      client.socket = Fd();
    } else {
      send_all(client.socket, on_the_wire(out));
    }
  }

  void tell_streams() {
    std::string now = sale.stream_events();
    if (now == told) return;
    told = std::move(now);
    for (const auto& client : clients) {
      if (client->stream && client->socket.valid()) send_all(client->socket, told);
    }
  }
};

FakeServer::FakeServer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

FakeServer::~FakeServer() {
  impl_->stop = true;
  impl_->thread.join();
}

std::uint16_t FakeServer::port() const { return impl_->port; }
std::uint64_t FakeServer::connections_accepted() const { return impl_->accepted; }

}  // namespace dibs::load::testing

#include "load/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
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
    std::shared_ptr<Client> client;
    FakeRequest request;
  };

  /// What the gateways of one sale share.
  struct Shared {
    explicit Shared(Options options) : sale(std::move(options)) {}
    std::mutex mutex;
    FakeSale sale;  ///< guarded by mutex
  };

  Options options;
  std::shared_ptr<Shared> shared;
  Fd listener;
  std::uint16_t port = 0;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> accepted = 0;
  std::vector<std::shared_ptr<Client>> clients;
  std::vector<Arrived> arrived;  ///< read and not yet numbered
  std::string told;              ///< what the streams know
  std::thread thread;

  Impl(Options given, std::shared_ptr<Shared> given_shared)
      : options(std::move(given)), shared(std::move(given_shared)) {
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

  /// Numbers in the order of the kernel's stamps, and only what was stamped before the round's poll
  /// began: a socket that poll did not report can hold nothing earlier than that, but it can hold
  /// something earlier than what a connection accepted later in the same round brought along.
  void serve() {
    std::vector<pollfd> polled;
    while (!stop) {
      if (has_pressed(options.die_after)) return die();
      if (has_pressed(options.freeze_after)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      polled.assign(1, {listener.get(), POLLIN, 0});
      for (const auto& client : clients) polled.push_back({client->socket.get(), POLLIN, 0});
      const Instant began = system_clock().now();
      if (poll(polled.data(), polled.size(), arrived.empty() ? 10 : 0) < 0) continue;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) read(clients[i - 1]);
      }
      if (polled[0].revents != 0) accept_all();
      answer_upto(began - options.late);
      tell_streams();
      std::erase_if(clients, [](const auto& client) { return !client->socket.valid(); });
    }
  }

  [[nodiscard]] bool has_pressed(std::uint64_t times) const {
    const std::lock_guard lock(shared->mutex);
    return times > 0 && shared->sale.presses() >= times;
  }

  void die() {
    clients.clear();
    arrived.clear();
    listener = Fd();
  }

  void answer_upto(Instant upto) {
    std::ranges::stable_sort(arrived, {}, &Arrived::at);
    const auto later = std::ranges::upper_bound(arrived, upto, {}, &Arrived::at);
    for (auto each = arrived.begin(); each != later; ++each) {
      if (has_pressed(options.die_after) || has_pressed(options.freeze_after)) break;
      answer(*each->client, each->request);
    }
    arrived.erase(arrived.begin(), later);
  }

  /// A request may have come with its connection, and counts from then.
  void accept_all() {
    while (true) {
      http::Accepted next = http::accept_one(listener);
      if (!next.socket.valid()) return;
      ++accepted;
      clients.push_back(std::make_shared<Client>());
      clients.back()->socket = std::move(next.socket);
      read(clients.back());
    }
  }

  void read(const std::shared_ptr<Client>& from) {
    Client& client = *from;
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
      arrived.push_back({read.received.value_or(Instant()), from, request});
    }
  }

  void answer(Client& client, const FakeRequest& request) {
    if (options.stream && request.path == "/v1/sales/rush/events") {
      client.stream = true;
      send_all(client.socket,
               "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + stream_events());
      return;
    }
    const FakeAnswer out = [&] {
      const std::lock_guard lock(shared->mutex);
      return shared->sale.answer(request);
    }();
    if (out.cut) {
      client.socket = Fd();
    } else {
      send_all(client.socket, on_the_wire(out));
    }
  }

  [[nodiscard]] std::string stream_events() const {
    const std::lock_guard lock(shared->mutex);
    return shared->sale.stream_events();
  }

  void tell_streams() {
    std::string now = stream_events();
    if (now == told) return;
    told = std::move(now);
    for (const auto& client : clients) {
      if (client->stream && client->socket.valid()) send_all(client->socket, told);
    }
  }
};

FakeServer::FakeServer(Options options) {
  auto shared = std::make_shared<Impl::Shared>(options);
  impl_ = std::make_unique<Impl>(std::move(options), std::move(shared));
}

FakeServer::FakeServer(Options options, const FakeServer& first)
    : impl_(std::make_unique<Impl>(std::move(options), first.impl_->shared)) {}

FakeServer::~FakeServer() {
  impl_->stop = true;
  impl_->thread.join();
}

std::uint16_t FakeServer::port() const { return impl_->port; }
std::uint64_t FakeServer::connections_accepted() const { return impl_->accepted; }

}  // namespace dibs::load::testing

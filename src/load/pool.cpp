#include "load/pool.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "load/monotonic.h"

namespace dibs::load {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
/// Connections being opened at a time: below the usual backlog of 128 and up.
constexpr std::uint32_t kOpeningMax = 100;
constexpr std::int64_t kOpenPatienceNs = 10'000'000'000;
/// A connection is open once the server has answered over it. That it is connected is the kernel's
/// word alone: thousands of those overflow the queue of a server that has no core to accept on.
constexpr std::string_view kGreeting = "GET /v1/time HTTP/1.1\r\nHost: dibs\r\n\r\n";

[[nodiscard]] bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Pool::Pool(const Options& options, std::vector<Endpoint> gateways, Poller& poller,
           Exchanges& exchanges, AnswerSink& sink)
    : options_(options),
      gateways_(std::move(gateways)),
      poller_(poller),
      exchanges_(exchanges),
      sink_(sink),
      connections_(options.connections),
      free_(gateways_.size()),
      buffer_(kReadBytes) {
  for (std::uint32_t i = 0; i < options.connections; ++i) release(i);
}

Result<void> Pool::open_all() {
  if (options_.new_each_time) return {};
  std::uint32_t begun = 0;
  std::uint32_t opened = 0;
  const std::int64_t deadline = monotonic_ns() + kOpenPatienceNs;
  const auto failed = [&](const std::string& why) {
    return fault(FaultKind::unavailable,
                 "Connection " + std::to_string(opened + 1) + " of " +
                     std::to_string(options_.connections) + " could not be opened: " + why + ".",
                 "Is the server running, and may both processes open that many files?");
  };
  while (opened < options_.connections) {
    while (begun < options_.connections && begun - opened < kOpeningMax) {
      if (!open(begun++)) return failed(std::strerror(errno));
    }
    for (const epoll_event& event : poller_.wait(kOpenPatienceNs / 10)) {
      Connection& connection = connections_.at(event.data.u32);
      if (connection.state == State::idle) continue;
      if (const std::string why = greet(connection); !why.empty()) return failed(why);
      opened += connection.state == State::idle ? 1 : 0;
    }
    if (monotonic_ns() > deadline) return failed(std::strerror(ETIMEDOUT));
  }
  return {};
}

/// One step of opening, after the poller has reported the connection. Gives why it failed, or
/// nothing; the connection is idle when that was the last step.
std::string Pool::greet(Connection& connection) {
  if (connection.state == State::connecting) {
    if (const int error = connect_error(connection.socket); error != 0) return std::strerror(error);
    connection.state = State::greeting;
    const ssize_t sent = send_some(connection.socket, kGreeting);
    return sent == static_cast<ssize_t>(kGreeting.size()) ? "" : "it took no request";
  }
  const ssize_t size = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0) return would_block(errno) ? "" : std::strerror(errno);
  if (size == 0) return "closed by the server";
  connection.in.append(buffer_.data(), static_cast<std::size_t>(size));
  Answer answer;
  const Framing framing = frame_answer(connection.in, answer);
  if (framing == Framing::broken) return "it brought something that is no answer";
  if (framing == Framing::whole) connection.state = State::idle;
  return "";
}

bool Pool::open(std::uint32_t number) {
  Connection& connection = connections_[number];
  connection.socket = begin_connect(gateways_[gateway_of(number)]);
  connection.state = State::connecting;
  return connection.socket.valid() && poller_.add(connection.socket.get(), number);
}

void Pool::close(std::uint32_t number) {
  connections_[number].socket = Fd();
  connections_[number].state = State::closed;
}

void Pool::release(std::uint32_t number) {
  if (std::exchange(connections_[number].queued, true)) return;
  free_[gateway_of(number)].push_back(number);
}

void Pool::send(std::uint32_t exchange, std::uint32_t gateway, std::string_view bytes,
                std::size_t cut_at) {
  DIBS_ASSERT(has_free(gateway));
  const std::uint32_t number = free_[gateway].front();
  free_[gateway].pop_front();
  Connection& connection = connections_[number];
  connection.queued = false;
  connection.exchange = exchange;
  connection.out.assign(bytes);
  connection.written = 0;
  connection.cut = cut_at;
  connection.in.clear();
  if (connection.state == State::idle) {
    connection.state = State::busy;
    return write(number);
  }
  if (!open(number)) return cut(number, std::strerror(errno));
}

void Pool::write(std::uint32_t number) {
  Connection& connection = connections_[number];
  Exchange& exchange = exchanges_.list[connection.exchange];
  if (exchange.sent_at_ns == kNever) exchange.sent_at_ns = monotonic_ns();
  while (connection.written < connection.out.size()) {
    const bool in_head = connection.written < connection.cut;
    const auto end = in_head ? connection.cut : connection.out.size();
    const std::string_view rest(connection.out.data() + connection.written,
                                end - connection.written);
    const ssize_t sent = send_some(connection.socket, rest);
    if (sent < 0) {
      if (would_block(errno)) return;
      return cut(number, std::strerror(errno));
    }
    connection.written += static_cast<std::size_t>(sent);
  }
  exchange.sent_done_ns = monotonic_ns();
}

void Pool::on_ready(std::uint32_t tag, std::uint32_t events) {
  Connection& connection = connections_.at(tag);
  if (connection.state == State::connecting) {
    if (const int error = connect_error(connection.socket); error != 0) {
      return cut(tag, std::strerror(error));
    }
    connection.state = State::busy;
  }
  if (connection.state == State::busy && connection.written < connection.out.size()) write(tag);
  if (connection.state == State::closed) return;
  constexpr std::uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | kEnded)) != 0) read(tag);
  // The end may have been reported together with the last answer; it is not reported again.
  if ((events & kEnded) != 0 && connection.state == State::idle) close(tag);
}

void Pool::read(std::uint32_t number) {
  Connection& connection = connections_[number];
  while (true) {
    const ssize_t size = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && would_block(errno)) return;
    if (size <= 0) {
      if (connection.state == State::busy) {
        return cut(number, size == 0 ? "closed by the server" : std::strerror(errno));
      }
      return close(number);  // idle too long: it is opened again when it is needed
    }
    connection.in.append(buffer_.data(), static_cast<std::size_t>(size));
    if (take_answer(number)) return;
    if (static_cast<std::size_t>(size) < buffer_.size()) return;
  }
}

/// Whether the connection's turn is over.
bool Pool::take_answer(std::uint32_t number) {
  Connection& connection = connections_[number];
  if (connection.state != State::busy) {
    close(number);
    return true;  // bytes that nobody asked for
  }
  Answer answer;
  const Framing framing = frame_answer(connection.in, answer);
  if (framing == Framing::incomplete) return false;
  if (framing == Framing::broken) {
    cut(number, "the answer is not framed as HTTP/1.1 with a length");
    return true;
  }
  Exchange& exchange = exchanges_.list[connection.exchange];
  exchange.answered_at_ns = monotonic_ns();
  exchange.status = answer.status;
  exchange.answer_offset = exchanges_.answers.size();
  exchange.answer_size = static_cast<std::uint32_t>(connection.in.size());
  exchanges_.answers.append(connection.in);
  connection.state = State::idle;
  const bool extra = answer.size != connection.in.size();
  const auto closing = answer.header("connection");
  if (options_.new_each_time || extra || (closing && *closing == "close")) close(number);
  release(number);
  sink_.on_answer(connection.exchange, answer);
  return true;
}

void Pool::cut(std::uint32_t number, std::string_view why) {
  const std::uint32_t exchange = connections_[number].exchange;
  close(number);
  release(number);
  sink_.on_cut(exchange, why);
}

}  // namespace dibs::load

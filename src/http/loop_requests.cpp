#include <algorithm>
#include <cerrno>

#include "http/loop.h"

namespace dibs::http {

/// Reads until the socket is dry or the connection has as much as it may have.
void Loop::read(Connection& connection) {
  if (connection.refused || connection.stream) return discard(connection);
  const std::size_t had = connection.input.size();
  for (;;) {
    const std::size_t unread = connection.unread().size();
    if (unread >= shared_->limits.pipelined_bytes) break;
    const std::size_t want =
        std::min(read_buffer_.size(), shared_->limits.pipelined_bytes - unread);
    const StampedRead got = read_stamped(connection.socket, std::span(read_buffer_).first(want));
    if (got.bytes < 0 && got.error == EAGAIN) break;
    if (got.bytes < 0) return close(connection);
    if (got.bytes == 0) {
      connection.peer_closed = true;
      break;
    }
    if (!got.received) LoopCounters::add(counters_.unstamped);
    connection.arrived = got.received ? *got.received : shared_->clock.now();
    connection.input.append(read_buffer_.data(), static_cast<std::size_t>(got.bytes));
    if (static_cast<std::size_t>(got.bytes) < want) break;  // a short read has emptied the socket
  }
  const bool news = connection.input.size() > had || connection.peer_closed;
  if (news && !connection.in_flight && connection.output.empty())
    arrived_.push_back(
        {std::max(connection.arrived, connection.answered), arrived_.size(), connection.id});
  update_interest(connection);
}

/// Reads what is no request, only to learn when the peer closes.
void Loop::discard(Connection& connection) {
  const StampedRead got = read_stamped(connection.socket, read_buffer_);
  if (got.bytes == 0 || (got.bytes < 0 && got.error != EAGAIN)) close(connection);
}

/// Hands out the connection's next request if it is whole. Only when none is in flight and all
/// output has left, so the answers of a connection are in order by construction.
void Loop::next_request(Connection& connection) {
  const std::string_view bytes = connection.unread();
  if (bytes.empty()) return await_more(connection, Wait::idle);
  if (bytes.size() < connection.request_bytes) return await_more(connection, Wait::body);
  const auto wrong = connection.scan.advance(bytes, shared_->limits.head_bytes);
  if (wrong) return refuse(connection, *wrong);
  const std::size_t head_bytes = connection.scan.head_bytes();
  if (head_bytes == 0) return await_more(connection, Wait::head);

  const auto facts = read_head(bytes.substr(0, head_bytes), shared_->limits, request_);
  if (!facts) return refuse(connection, facts.error());
  connection.request_bytes = head_bytes + facts->body_bytes;
  if (bytes.size() < connection.request_bytes) return await_more(connection, Wait::body);
  connection.close_after = facts->close;
  request_.body = bytes.substr(head_bytes, facts->body_bytes);
  hand_out(connection);
}

void Loop::await_more(Connection& connection, Wait wait) {
  if (connection.peer_closed || draining_) return close(connection);
  // The deadlines of head and body count from their beginning, whatever trickles in meanwhile.
  if (connection.wait != wait || wait == Wait::idle) wait_for(connection, wait);
}

/// `request_` holds the whole request, as views into the connection's input.
void Loop::hand_out(Connection& connection) {
  const auto given = promise_.give(std::max(connection.arrived, connection.answered));
  // What waited because of a limit of ours has arrived only now: being moved is right for it.
  if (given.moved && !connection.held_back) LoopCounters::add(counters_.stamps_moved);
  connection.held_back = false;
  connection.in_flight = true;
  connection.head_only = request_.method == Method::head;
  ++connection.request;
  wait_for(connection, Wait::nothing);
  LoopCounters::add(counters_.requests);
  request_.stamp = given.stamp;
  request_.peer = connection.peer;
  request_.listener = connection.listener;
  shared_->handler.handle(request_,
                          Responder(shared_from_this(), connection.id, connection.request));
  connection.consume(connection.request_bytes);
  update_interest(connection);
}

void Loop::refuse(Connection& connection, const Refusal& refusal) {
  if (refusal.status != 408) LoopCounters::add(counters_.refused_framing);
  connection.refused = true;
  connection.close_after = true;
  connection.head_only = false;
  Response response = shared_->handler.refusal(refusal.status, refusal.what);
  response.status = refusal.status;
  answer(connection, response);
}

}  // namespace dibs::http

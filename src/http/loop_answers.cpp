#include <utility>

#include "base/assert.h"
#include "http/loop.h"
#include "http/response_writer.h"

namespace dibs::http {
namespace {

/// Messages to streams in one round, some 6 us each: whoever presses while ten thousand streams are
/// told something waits for 1.5 ms of it, not for 60.
constexpr std::size_t kStreamMessagesPerRound = 256;

bool is_for_stream(const Message& message) {
  return std::holds_alternative<Message::StreamBytes>(message.what) ||
         std::holds_alternative<Message::StreamEnd>(message.what);
}

}  // namespace

/// Delivers the answers that are there now, and a bounded part of what streams are to hear. Those
/// that this causes (a handler that answers at once, on a pipelined request) wait for the next
/// round, so that one connection cannot keep the loop for itself.
void Loop::take_messages() {
  own_posted_ = false;
  inbox_.take(batch_);
  for (Message& message : batch_) {
    if (is_for_stream(message)) {
      for_streams_.push_back(std::move(message));
    } else {
      deliver(message);
    }
  }
  batch_.clear();
  feed_streams(kStreamMessagesPerRound);
}

/// Those of one stream stay in order: they stand in one queue, and its beginning went before them.
void Loop::feed_streams(std::size_t most) {
  for (std::size_t i = 0; i < most && !for_streams_.empty(); ++i) {
    Message message = std::move(for_streams_.front());
    for_streams_.pop_front();
    deliver(message);
  }
  go_round_ |= !for_streams_.empty();
}

void Loop::deliver(Message& message) {
  Connection* connection = table_.find(message.connection);
  if (auto* begin = std::get_if<Message::StreamBegin>(&message.what); begin && !connection) {
    begin->state->open.store(false);
    return;
  }
  if (connection == nullptr) return;
  if (auto* bytes = std::get_if<Message::StreamBytes>(&message.what))
    return send_stream(*connection, std::move(bytes->bytes));
  if (const auto* end = std::get_if<Message::StreamEnd>(&message.what))
    return end_stream(*connection, end->at_once);

  // Each Responder speaks once and each request has one, so this is the request in flight.
  DIBS_ASSERT(connection->in_flight && connection->request == message.request);
  if (auto* begin = std::get_if<Message::StreamBegin>(&message.what))
    return begin_stream(*connection, *begin);
  if (const auto* given = std::get_if<Message::Answer>(&message.what))
    return answer(*connection, given->response);
  Response response = shared_->handler.refusal(500, "the request was not answered");
  response.status = 500;
  answer(*connection, response);
}

void Loop::answer(Connection& connection, const Response& response) {
  const bool nothing_read = connection.unread().empty();
  connection.in_flight = false;
  connection.close_after |= response.close || (leaving_ && nothing_read);
  write_buffer_.clear();
  write_response(write_buffer_, response,
                 {.head_only = connection.head_only, .close = connection.close_after});
  after_sending(connection, send_answer(connection));
}

/// Sends what write_buffer_ holds. A request that its sender pipelined counts from here at the
/// earliest, because it did not wait for this answer. The time is taken before the call: this
/// thread may lose its core in the call, and whoever presses on seeing the answer must not be
/// counted from when it got its core back.
Output::Result Loop::send_answer(Connection& connection) {
  connection.answered = shared_->clock.now();
  return connection.output.send(connection.socket, write_buffer_);
}

void Loop::begin_stream(Connection& connection, Message::StreamBegin& begin) {
  connection.in_flight = false;
  connection.stream = std::move(begin.state);
  connection.input = {};
  connection.taken = 0;
  connection.close_after = connection.head_only || leaving_ || connection.peer_closed;
  LoopCounters::add(counters_.streams_opened);
  write_buffer_.clear();
  write_stream_head(write_buffer_, begin.headers);
  connection.stream->backlog.fetch_add(write_buffer_.size());
  const auto result = connection.output.send(connection.socket, write_buffer_);
  release_backlog(connection, write_buffer_.size());
  after_sending(connection, result);
}

void Loop::send_stream(Connection& connection, std::shared_ptr<const std::string> bytes) {
  if (!connection.stream || connection.close_after) return;
  const std::size_t before = connection.output.bytes() + bytes->size();
  const auto result = connection.output.send(connection.socket, std::move(bytes));
  release_backlog(connection, before);
  after_sending(connection, result);
}

void Loop::end_stream(Connection& connection, bool at_once) {
  if (!connection.stream) return;
  if (at_once) reset_on_close(connection.socket);
  if (at_once || connection.output.empty()) return close(connection);
  connection.stream->open.store(false);
  connection.close_after = true;
}

/// Tells the senders of a stream what has left: it had `before` bytes waiting.
void Loop::release_backlog(Connection& connection, std::size_t before) {
  connection.stream->backlog.fetch_sub(before - connection.output.bytes());
}

void Loop::on_writable(Connection& connection) {
  const std::size_t before = connection.output.bytes();
  if (before == 0) return;
  connection.answered = shared_->clock.now();
  const auto result = connection.output.flush(connection.socket);
  if (connection.stream) release_backlog(connection, before);
  after_sending(connection, result);
}

/// Decides what comes next, now that the kernel has taken what it could.
void Loop::after_sending(Connection& connection, Output::Result result) {
  if (result == Output::Result::failed) return close(connection);
  if (result == Output::Result::blocked) {
    // The deadline belongs to the buffer at the front and counts from when it came there.
    if (connection.wait != Wait::write || connection.output.moved_on())
      wait_for(connection, Wait::write);
    return update_interest(connection);
  }
  if (connection.close_after) return close_politely(connection);
  if (connection.stream) {
    wait_for(connection, Wait::nothing);
    return update_interest(connection);
  }
  update_interest(connection);
  next_request(connection);
}

}  // namespace dibs::http

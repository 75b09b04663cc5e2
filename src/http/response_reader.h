#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/event_reader.h"

namespace dibs::http {

/// One whole answer, as a client received it.
struct ReceivedResponse {
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;    ///< empty for an event stream, whose events come by themselves
  bool close = false;  ///< the server closes the connection after it

  /// The value of the first header of that name, without case; nothing if it is missing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// The client's side: takes the bytes of one connection, in pieces of any size, and gives whole
/// answers in order. Understands HTTP/1.1 with Content-Length, without a body (204, 304, HEAD), and
/// `text/event-stream` until the end of the connection; anything else is malformed. One thread.
class ResponseReader {
 public:
  static constexpr std::size_t kHeadBytesMax = 16 * 1024;
  static constexpr std::size_t kBodyBytesMax = 64 * 1024 * 1024;  ///< a list of a million orders

  /// Takes more bytes. False from the first malformed byte on; answers completed before it can
  /// still be taken.
  bool feed(std::string_view bytes);
  /// The peer has closed. False when that cut an answer short (an event stream may end any time).
  bool finish();

  /// Says that one more request was sent with HEAD; its answer has no body. Call in the order of
  /// sending, and `expect_body` for every other request, if a connection uses HEAD at all.
  void expect_no_body() { heads_.push_back(true); }
  void expect_body() { heads_.push_back(false); }

  /// The next whole answer. The head of an event stream counts as one; its events follow.
  [[nodiscard]] std::optional<ReceivedResponse> take();
  /// The next whole event of an event stream.
  [[nodiscard]] std::optional<ServerEvent> take_event() { return events_.take(); }

  [[nodiscard]] bool streaming() const { return state_ == State::stream; }
  [[nodiscard]] bool malformed() const { return state_ == State::malformed; }
  /// What was wrong, for a person; empty while nothing is.
  [[nodiscard]] std::string_view complaint() const { return complaint_; }

 private:
  enum class State : std::uint8_t { head, body, stream, malformed };

  bool advance();
  bool read_head(std::string_view head);
  bool read_status_line(std::string_view line);
  bool read_header(std::string_view line);
  bool choose_body();
  void complete();
  bool fail(std::string_view complaint);

  State state_ = State::head;
  std::string buffer_;
  std::size_t searched_ = 0;  ///< how much of buffer_ holds no end of a head
  std::size_t body_bytes_ = 0;
  std::optional<std::size_t> content_length_;
  ReceivedResponse current_;
  std::vector<ReceivedResponse> ready_;
  std::size_t taken_ = 0;
  std::vector<bool> heads_;
  std::size_t answered_ = 0;
  EventReader events_;
  std::string complaint_;
};

}  // namespace dibs::http

#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace dibs::http {

/// One server-sent event.
struct ServerEvent {
  std::string event = "message";
  std::string id;  ///< the last id seen on the stream, to be sent as Last-Event-ID
  std::string data;
};

/// Reads `text/event-stream` in pieces of any size, by the rules of the HTML standard: lines end
/// with LF, CR or CRLF; an empty line ends an event; an event without data is none; a line that
/// begins with a colon is a comment. One thread.
class EventReader {
 public:
  void feed(std::string_view bytes);
  [[nodiscard]] std::optional<ServerEvent> take();
  [[nodiscard]] std::size_t comments() const { return comments_; }

 private:
  void line(std::string_view text);
  void field(std::string_view name, std::string_view value);
  void dispatch();

  std::string partial_;
  bool after_cr_ = false;
  bool has_data_ = false;
  std::string id_;
  ServerEvent current_;
  std::deque<ServerEvent> ready_;
  std::size_t comments_ = 0;
};

}  // namespace dibs::http

#include "http/event_reader.h"

#include <utility>

namespace dibs::http {

void EventReader::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool second_half_of_crlf = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_half_of_crlf) continue;
    if (c != '\n' && c != '\r') {
      partial_ += c;
      continue;
    }
    line(partial_);
    partial_.clear();
  }
}

std::optional<ServerEvent> EventReader::take() {
  if (ready_.empty()) return std::nullopt;
  ServerEvent event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

void EventReader::line(std::string_view text) {
  if (text.empty()) return dispatch();
  if (text.front() == ':') {
    ++comments_;
    return;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return field(text, {});
  std::string_view value = text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(text.substr(0, colon), value);
}

void EventReader::field(std::string_view name, std::string_view value) {
  if (name == "event") {
    current_.event = value;
  } else if (name == "data") {
    if (has_data_) current_.data += '\n';
    current_.data += value;
    has_data_ = true;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
}

void EventReader::dispatch() {
  if (has_data_) {
    if (current_.event.empty()) current_.event = "message";
    current_.id = id_;
    ready_.push_back(std::move(current_));
  }
  current_ = {};
  has_data_ = false;
}

}  // namespace dibs::http

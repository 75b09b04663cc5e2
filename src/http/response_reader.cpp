#include "http/response_reader.h"

#include <algorithm>
#include <charconv>

#include "http/text.h"

namespace dibs::http {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";

/// Digits only, no sign, no leading zero: the same strictness the server asks of its clients.
std::optional<std::size_t> read_length(std::string_view text) {
  std::size_t value = 0;
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

bool is_event_stream(const ReceivedResponse& response) {
  const auto type = response.header("Content-Type");
  if (!type) return false;
  return same_ignoring_case(trim_blanks(type->substr(0, type->find(';'))), "text/event-stream");
}

bool never_has_body(std::uint16_t status) { return status == 204 || status == 304; }

}  // namespace

std::optional<std::string_view> ReceivedResponse::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return same_ignoring_case(header.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

bool ResponseReader::feed(std::string_view bytes) {
  if (state_ == State::malformed) return false;
  if (state_ == State::stream) {
    events_.feed(bytes);
    return true;
  }
  buffer_.append(bytes);
  while (advance()) {
  }
  return state_ != State::malformed;
}

bool ResponseReader::finish() {
  if (state_ == State::stream) return true;
  if (state_ == State::malformed) return false;
  if (buffer_.empty() && state_ == State::head) return true;
  return fail("the connection ended within an answer");
}

std::optional<ReceivedResponse> ResponseReader::take() {
  if (taken_ == ready_.size()) return std::nullopt;
  ReceivedResponse response = std::move(ready_[taken_++]);
  if (taken_ == ready_.size()) {
    ready_.clear();
    taken_ = 0;
  }
  return response;
}

/// One step; false when it needs more bytes or cannot go on.
bool ResponseReader::advance() {
  if (state_ == State::head) {
    const auto end = buffer_.find(kHeadEnd, searched_);
    if (std::min(end, buffer_.size()) > kHeadBytesMax) return fail("the head is too long");
    if (end == std::string::npos) {
      searched_ = buffer_.size() < kHeadEnd.size() ? 0 : buffer_.size() - (kHeadEnd.size() - 1);
      return false;
    }
    if (!read_head(std::string_view(buffer_).substr(0, end + kLineEnd.size()))) return false;
    buffer_.erase(0, end + kHeadEnd.size());
    searched_ = 0;
    return choose_body();
  }
  if (state_ != State::body || buffer_.size() < body_bytes_) return false;
  current_.body.assign(buffer_, 0, body_bytes_);
  buffer_.erase(0, body_bytes_);
  complete();
  return !buffer_.empty();
}

/// `head` holds whole lines, each with its CRLF.
bool ResponseReader::read_head(std::string_view head) {
  current_ = {};
  content_length_.reset();
  bool first = true;
  while (!head.empty()) {
    const auto end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + kLineEnd.size());
    if (!std::ranges::all_of(line, is_value_char)) return fail("a control character in the head");
    if (!(first ? read_status_line(line) : read_header(line))) return false;
    first = false;
  }
  return true;
}

bool ResponseReader::read_status_line(std::string_view line) {
  constexpr std::string_view kFirstWord = "HTTP/1.1 ";
  constexpr std::size_t kStatusEnd = kFirstWord.size() + 3;
  if (!line.starts_with(kFirstWord)) return fail("not an HTTP/1.1 status line");
  // The blank before the reason phrase must be there even when the phrase is empty.
  if (line.size() <= kStatusEnd || line[kStatusEnd] != ' ') return fail("a malformed status line");
  const std::string_view digits = line.substr(kFirstWord.size(), 3);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), current_.status);
  if (error != std::errc() || end != digits.data() + digits.size()) return fail("a bad status");
  if (current_.status < 200 || current_.status > 599) return fail("a status we never asked for");
  return true;
}

bool ResponseReader::read_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return fail("a header line without a name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!std::ranges::all_of(name, is_token_char)) return fail("a malformed header name");
  if (same_ignoring_case(name, "Transfer-Encoding")) return fail("an encoding we do not read");
  if (same_ignoring_case(name, "Connection")) current_.close |= list_has(value, "close");
  if (same_ignoring_case(name, "Content-Length")) {
    if (content_length_) return fail("two Content-Length headers");
    content_length_ = read_length(value);
    if (!content_length_) return fail("a malformed Content-Length");
  }
  current_.headers.emplace_back(name, value);
  return true;
}

bool ResponseReader::choose_body() {
  const bool to_head = answered_ < heads_.size() && heads_[answered_];
  if (!heads_.empty()) ++answered_;
  if (to_head || never_has_body(current_.status)) {
    complete();
    return !buffer_.empty();
  }
  if (content_length_) {
    if (*content_length_ > kBodyBytesMax) return fail("the body is too long");
    body_bytes_ = *content_length_;
    state_ = State::body;
    return true;
  }
  if (!is_event_stream(current_)) return fail("a body without a length");
  complete();
  state_ = State::stream;
  events_.feed(buffer_);
  buffer_.clear();
  return false;
}

void ResponseReader::complete() {
  ready_.push_back(std::move(current_));
  current_ = {};
  state_ = State::head;
}

bool ResponseReader::fail(std::string_view complaint) {
  state_ = State::malformed;
  complaint_ = complaint;
  return false;
}

}  // namespace dibs::http

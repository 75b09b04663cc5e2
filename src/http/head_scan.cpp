#include <algorithm>

#include "http/framing.h"

namespace dibs::http {
namespace {

constexpr Refusal kLoneCr{400, "a carriage return without a line feed"};
constexpr Refusal kLoneLf{400, "a line feed without a carriage return"};
constexpr Refusal kControl{400, "a control character in the head"};
constexpr Refusal kFolded{400, "a header line folded onto the next"};
constexpr Refusal kEmptyLine{400, "an empty line before the request line"};
constexpr Refusal kLong{431, "the head is too long"};

/// Neither an end of line nor a control character; a tab counts as plain.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 ? byte != 0x7f : byte == '\t';
}

}  // namespace

std::optional<Refusal> HeadScan::advance(std::string_view bytes, std::size_t head_limit) {
  if (head_bytes_ != 0) return std::nullopt;
  const std::size_t end = std::min(bytes.size(), head_limit);
  while (seen_ < end) {
    const char c = bytes[seen_];
    if (at_ == At::line_cr || at_ == At::end_cr) {
      if (c != '\n') return kLoneCr;
      ++seen_;
      if (at_ == At::end_cr) {
        head_bytes_ = seen_;
        return std::nullopt;
      }
      at_ = At::line_start;
    } else if (is_plain(c)) {
      if (at_ == At::line_start && (c == ' ' || c == '\t')) return kFolded;
      at_ = At::line;
      while (seen_ < end && is_plain(bytes[seen_])) ++seen_;
    } else {
      if (c != '\r') return c == '\n' ? kLoneLf : kControl;
      if (seen_ == 0) return kEmptyLine;
      at_ = at_ == At::line_start ? At::end_cr : At::line_cr;
      ++seen_;
    }
  }
  if (bytes.size() > head_limit) return kLong;
  return std::nullopt;
}

}  // namespace dibs::http

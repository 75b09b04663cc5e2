#include "load/answer.h"

#include <algorithm>
#include <charconv>

namespace dibs::load {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::size_t kHeadMax = std::size_t{64} * 1024;

[[nodiscard]] char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

[[nodiscard]] bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

[[nodiscard]] std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <class T>
[[nodiscard]] bool whole_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// What stands after `"name"` and the colon; empty when there is no such member.
[[nodiscard]] std::string_view after_member(std::string_view json, std::string_view name) {
  for (auto at = json.find(name); at != std::string_view::npos; at = json.find(name, at + 1)) {
    const auto end = at + name.size();
    if (at == 0 || json[at - 1] != '"' || end >= json.size() || json[end] != '"') continue;
    const auto value = json.find_first_not_of(": \t\r\n", end + 1);
    return value == std::string_view::npos ? std::string_view() : json.substr(value);
  }
  return {};
}

}  // namespace

std::optional<std::string_view> Answer::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find(kEndOfLine));
    rest.remove_prefix(std::min(rest.size(), line.size() + kEndOfLine.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) continue;
    return trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

Framing frame_answer(std::string_view bytes, Answer& out) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const auto end = bytes.find(kEndOfHead);
  if (end == std::string_view::npos) {
    return bytes.size() > kHeadMax ? Framing::broken : Framing::incomplete;
  }
  out.head = bytes.substr(0, end);
  if (!out.head.starts_with(kVersion)) return Framing::broken;
  if (!whole_number(out.head.substr(kVersion.size(), 3), out.status)) return Framing::broken;
  std::size_t length = 0;
  const auto text = out.header("content-length");
  if (!text || !whole_number(*text, length)) return Framing::broken;
  const auto begin = end + kEndOfHead.size();
  if (bytes.size() - begin < length) return Framing::incomplete;
  out.body = bytes.substr(begin, length);
  out.size = begin + length;
  return Framing::whole;
}

std::string_view text_member(std::string_view json, std::string_view name) {
  const std::string_view value = after_member(json, name);
  if (value.empty() || value.front() != '"') return {};
  const auto end = value.find('"', 1);
  return end == std::string_view::npos ? std::string_view() : value.substr(1, end - 1);
}

std::uint64_t number_member(std::string_view json, std::string_view name) {
  const std::string_view value = after_member(json, name);
  std::uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

}  // namespace dibs::load

#include "base/json_writer.h"

#include <array>
#include <cmath>

namespace dibs {
namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 15U];
  }
}

}  // namespace

JsonWriter& JsonWriter::decimal(std::string_view name, std::optional<double> value) {
  key(name);
  if (!value || !std::isfinite(*value)) return null();
  std::array<char, 64> digits{};
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *value,
                           std::chars_format::fixed, 6);
  // Below 10^15 it fits by far; what does not is no figure of ours.
  if (end.ec != std::errc()) return null();
  std::string_view text(digits.data(), end.ptr);
  while (text.ends_with('0')) text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return raw(text);
}

JsonWriter& JsonWriter::text(std::string_view value) {
  comma();
  out_ += '"';
  std::size_t plain = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!needs_escape(value[i])) continue;
    out_.append(value, plain, i - plain);
    append_escape(out_, value[i]);
    plain = i + 1;
  }
  out_.append(value, plain);
  out_ += '"';
  comma_ = true;
  return *this;
}

}  // namespace dibs

#include "engine/json_line.h"

#include <array>
#include <cstdio>

namespace dibs::engine {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void JsonLine::name(std::string_view name) {
  if (line_.size() > 1) line_ += ',';
  append_escaped(line_, name);
  line_ += ':';
}

JsonLine& JsonLine::text(std::string_view member, std::string_view value) {
  name(member);
  append_escaped(line_, value);
  return *this;
}

JsonLine& JsonLine::number(std::string_view member, std::int64_t value) {
  name(member);
  line_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::number(std::string_view member, std::uint64_t value) {
  name(member);
  line_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::flag(std::string_view member, bool value) {
  name(member);
  line_ += value ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::raw(std::string_view member, std::string_view value) {
  name(member);
  line_ += value;
  return *this;
}

}  // namespace dibs::engine

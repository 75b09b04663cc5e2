#include "load/proc.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace dibs::load::proc {
namespace {

constexpr std::string_view kDigits = "0123456789";

/// Takes the next word off the front; empty at the end.
std::string_view next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> first_number(std::string_view text) {
  const auto begin = text.find_first_of(kDigits);
  if (begin == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::uint64_t netstat_value(std::string_view table, std::string_view name) {
  while (!table.empty()) {
    std::string_view names = next_line(table);
    std::string_view values = next_line(table);
    while (!names.empty()) {
      const std::string_view word = next_word(names);
      const std::string_view value = next_word(values);
      if (word == name) return first_number(value).value_or(0);
    }
  }
  return 0;
}

std::string_view field(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(separator);
    if (colon == std::string_view::npos) continue;
    line.remove_prefix(colon + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
  }
  return {};
}

}  // namespace dibs::load::proc

#include "api/query.h"

#include <algorithm>
#include <charconv>

namespace dibs::api {
namespace {

constexpr std::size_t kParametersMax = 16;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::expected<Query, std::string> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || name->empty()) {
      return std::unexpected("the query holds a parameter that is not NAME=VALUE");
    }
    if (query.get(*name)) {
      return std::unexpected("the query parameter " + *name + " is there twice");
    }
    if (query.pairs_.size() == kParametersMax) {
      return std::unexpected("the query holds too many parameters");
    }
    query.pairs_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  const auto found = std::ranges::find(
      pairs_, name, [](const auto& pair) { return std::string_view(pair.first); });
  if (found == pairs_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Query::first_unknown(
    const std::vector<std::string_view>& known) const {
  for (const auto& [name, value] : pairs_) {
    if (std::ranges::find(known, name) == known.end()) return name;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

}  // namespace dibs::api

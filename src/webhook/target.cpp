#include "webhook/target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace dibs::webhook {
namespace {

constexpr std::size_t kUrlCharsMax = 2'048;

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool is_host_name(std::string_view text) {
  constexpr std::size_t kCharsMax = 253;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kCharsMax && std::ranges::all_of(text, fits);
}

bool is_ipv6(const std::string& host) {
  in6_addr number{};
  return ::inet_pton(AF_INET6, host.c_str(), &number) == 1;
}

/// Only spellings that every reader takes for the same machine: not 0x7f000001, not 127.1.
bool is_this_machine(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr number{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return ::inet_pton(AF_INET, host.c_str(), &number) == 1 &&
         ntohl(number.s_addr) >> 24U == kLoopbackNet;
}

/// Host and port of `HOST`, `HOST:PORT` or `[V6]:PORT`.
std::optional<std::string> host_of(std::string_view authority) {
  std::string host;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
    if (!is_ipv6(host)) return std::nullopt;
  } else {
    const auto end = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, end);
    rest = authority.substr(end);
    if (!is_host_name(host)) return std::nullopt;
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
  return host;
}

}  // namespace

std::optional<Target> parse_target(std::string_view url) {
  if (url.size() > kUrlCharsMax) return std::nullopt;
  const bool visible = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  if (!visible || url.contains('\\')) return std::nullopt;
  Target target;
  if (url.starts_with("https://")) {
    target.encrypted = true;
    url.remove_prefix(std::string_view("https://").size());
  } else if (url.starts_with("http://")) {
    url.remove_prefix(std::string_view("http://").size());
  } else {
    return std::nullopt;
  }
  auto host = host_of(url.substr(0, url.find_first_of("/?#")));
  if (!host) return std::nullopt;
  target.host = std::move(*host);
  if (!target.encrypted && !is_this_machine(target.host)) return std::nullopt;
  return target;
}

}  // namespace dibs::webhook

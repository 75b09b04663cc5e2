#include "api/client_address.h"

#include <algorithm>
#include <ranges>

#include "http/text.h"

namespace dibs::api {
namespace {

/// As proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
std::optional<IpAddress> hop_of(std::string_view text) {
  text = http::trim_blanks(text);
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return IpAddress::parse(text.substr(1, end - 1));
  }
  const bool one_colon = std::ranges::count(text, ':') == 1;
  return IpAddress::parse(one_colon ? text.substr(0, text.find(':')) : text);
}

}  // namespace

IpAddress client_address(const http::Request& request, std::span<const Network> trusted_proxies) {
  const auto trusted = [trusted_proxies](const IpAddress& address) {
    return std::ranges::any_of(trusted_proxies,
                               [&](const Network& network) { return network.contains(address); });
  };
  IpAddress client = IpAddress::parse(request.peer).value_or(IpAddress());
  for (const http::Header& header : std::views::reverse(request.headers)) {
    if (!http::same_ignoring_case(header.name, "X-Forwarded-For")) continue;
    std::string_view rest = header.value;
    for (bool more = true; more;) {
      if (!trusted(client)) return client;
      const auto comma = rest.rfind(',');
      const auto hop = hop_of(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      if (!hop) return client;
      client = *hop;
      more = comma != std::string_view::npos;
      rest = rest.substr(0, more ? comma : 0);
    }
  }
  return client;
}

}  // namespace dibs::api

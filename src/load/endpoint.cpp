#include "load/endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace dibs::load {

Result<Endpoint> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return fault(FaultKind::unavailable,
                 "The address of " + host + " cannot be found: " + gai_strerror(error) + ".",
                 "Check the host in --url.");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Endpoint out;
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.size = found->ai_addrlen;
  return out;
}

Result<std::vector<Endpoint>> resolve_all(const Options& options) {
  std::vector<Address> all = {{options.host, options.port}};
  all.insert(all.end(), options.further.begin(), options.further.end());
  std::vector<Endpoint> out;
  for (const Address& address : all) {
    const auto endpoint = resolve(address.host, address.port);
    if (!endpoint) return std::unexpected(endpoint.error());
    out.push_back(*endpoint);
  }
  return out;
}

std::string authority(const Options& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

Result<Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const auto bad = [&] {
    return fault(FaultKind::bad_input, "'" + std::string(url) + "' is not http://HOST:PORT.",
                 "Give the address of the server, without a path.");
  };
  std::string_view rest = url;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // The colons of an IPv6 address stand in brackets.
  const auto bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return bad();
  const auto colon = rest.find(':', bracket);
  std::string_view host = rest.substr(0, colon);
  if (bracket > 0) {
    if (host.size() != bracket + 1) return bad();
    host = host.substr(1, bracket - 1);
  }
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) return bad();
  std::uint16_t port = 80;
  if (colon != std::string_view::npos) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return bad();
  }
  return Address{std::string(host), port};
}

Result<void> set_url(Options& options, std::string_view url) {
  auto address = parse_url(url);
  if (!address) return std::unexpected(address.error());
  options.host = std::move(address->host);
  options.port = address->port;
  return {};
}

Fd begin_connect(const Endpoint& endpoint) {
  Fd socket(::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return socket;
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
  if (connect(socket.get(), address, endpoint.size) != 0 && errno != EINPROGRESS) return {};
  return socket;
}

int connect_error(const Fd& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace dibs::load

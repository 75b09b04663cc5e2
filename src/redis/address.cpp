#include "redis/address.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace dibs::redis {
namespace {

constexpr std::uint16_t kPort = 6379;
constexpr std::string_view kForm =
    "Write redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…][/DATABASE], rediss:// for TLS, or "
    "unix:PATH.";

std::unexpected<Fault> malformed_address(std::string what) {
  return fault(FaultKind::bad_input, std::move(what), std::string(kForm));
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

/// Takes `USER:PASSWORD@` off the front of `rest`.
Result<void> take_credentials(std::string_view& rest, Address& address) {
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string_view credentials = rest.substr(0, at);
  const std::size_t colon = credentials.find(':');
  if (colon == std::string_view::npos) {
    return malformed_address("There is a user before the @ of --store, but no password.");
  }
  const auto user = percent_decoded(credentials.substr(0, colon));
  const auto password = percent_decoded(credentials.substr(colon + 1));
  if (!user || !password) {
    return malformed_address("User or password of --store have a % that is not two hex digits.");
  }
  address.user = *user;
  address.password = *password;
  rest.remove_prefix(at + 1);
  return {};
}

Result<void> take_database(std::string_view text, Address& address) {
  const auto number = whole<std::uint32_t>(text);
  if (!number) return malformed_address("The database of --store is no number.");
  address.database = *number;
  return {};
}

Result<Address> of_socket(std::string_view rest) {
  Address address;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (auto taken = take_credentials(rest, address); !taken) return std::unexpected(taken.error());
  }
  if (const std::size_t query = rest.find("?db="); query != std::string_view::npos) {
    if (auto taken = take_database(rest.substr(query + 4), address); !taken) {
      return std::unexpected(taken.error());
    }
    rest = rest.substr(0, query);
  }
  address.path = std::string(rest);
  if (address.path.empty()) return malformed_address("--store unix: names no path.");
  return address;
}

/// `HOST[:PORT]` or `[NUMBER][:PORT]`.
Result<void> take_host(std::string_view text, Address& address) {
  address.port = kPort;
  std::size_t end_of_host = text.rfind(':');
  if (text.starts_with('[')) {  // [::1]:6379
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return malformed_address("--store lacks a ].");
    address.host = std::string(text.substr(1, bracket - 1));
    end_of_host = bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
  } else {
    address.host = std::string(text.substr(0, end_of_host));
  }
  if (end_of_host != std::string_view::npos) {
    const auto port = whole<std::uint16_t>(text.substr(end_of_host + 1));
    if (!port || *port == 0) return malformed_address("The port of --store is no port.");
    address.port = *port;
  }
  if (address.host.empty()) return malformed_address("--store names no host.");
  return {};
}

Result<std::vector<Address>> of_hosts(std::string_view rest) {
  Address shared;
  const std::size_t slash = rest.rfind('/');
  std::string_view database;
  if (slash != std::string_view::npos && slash > rest.rfind('@') + 1) {
    database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  if (auto taken = take_credentials(rest, shared); !taken) return std::unexpected(taken.error());
  if (!database.empty()) {
    if (auto taken = take_database(database, shared); !taken) {
      return std::unexpected(taken.error());
    }
  }
  std::vector<Address> all;
  while (true) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    Address& address = all.emplace_back(shared);
    if (auto taken = take_host(rest.substr(0, end), address); !taken) {
      return std::unexpected(taken.error());
    }
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  if (all.size() > 1 && shared.database != 0) {
    return malformed_address("--store names several nodes and a database; a cluster has only 0.");
  }
  return all;
}

}  // namespace

std::string Address::shown() const {
  const std::string place = !path.empty()
                                ? "unix:" + path
                                : (host.find(':') == std::string::npos ? host : "[" + host + "]") +
                                      ":" + std::to_string(port);
  return database == 0 ? place : place + "/" + std::to_string(database);
}

Result<std::vector<Address>> parse_addresses(std::string_view text) {
  constexpr std::string_view kRedis = "redis://";
  constexpr std::string_view kRedisTls = "rediss://";
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kRedis)) return of_hosts(text.substr(kRedis.size()));
  if (text.starts_with(kRedisTls)) {
    auto all = of_hosts(text.substr(kRedisTls.size()));
    if (all) {
      for (Address& address : *all) address.tls.emplace();
    }
    return all;
  }
  if (text.starts_with(kUnix)) {
    auto address = of_socket(text.substr(kUnix.size()));
    if (!address) return std::unexpected(address.error());
    return std::vector{std::move(*address)};
  }
  return malformed_address("--store is no address of a Redis server.");
}

Result<void> use_tls_files(std::vector<Address>& addresses, const TlsFiles& files) {
  const bool given = !files.ca_file.empty() || !files.cert_file.empty() || !files.key_file.empty();
  if (files.cert_file.empty() != files.key_file.empty()) {
    return fault(FaultKind::bad_input,
                 "Of --store-cert-file and --store-key-file only one is given.",
                 "Give both, or neither.");
  }
  for (Address& address : addresses) {
    if (address.tls) *address.tls = files;
    if (given && !address.tls) {
      return fault(FaultKind::bad_input,
                   "--store-ca-file, --store-cert-file and --store-key-file are for TLS, which "
                   "--store does not ask for.",
                   "Write rediss:// in --store, or leave them out.");
    }
  }
  return {};
}

}  // namespace dibs::redis

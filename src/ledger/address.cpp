#include "ledger/address.h"

#include <boost/url.hpp>

#include <utility>

namespace dibs::ledger {
namespace {

constexpr const char* kForms =
    "Take sqlite:FILE, postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE.";

constexpr std::string_view kNamed = "application_name=dibs";

std::unexpected<Fault> wrong(std::string what) {
  return fault(FaultKind::bad_input, "The ledger's address " + std::move(what), kForms);
}

/// host:port/database, whoever may read it.
std::string shown_of(const boost::urls::url_view& url, std::string_view scheme) {
  std::string shown = std::string(scheme) + "://" + std::string(url.encoded_host());
  if (url.has_port()) shown += ":" + std::string(url.port());
  return shown + std::string(url.encoded_path());
}

/// One setting of SOCI's connect string for MySQL, which knows quotes and no escapes.
Result<std::string> setting(std::string_view name, const std::string& value) {
  const bool single = value.contains('\'');
  if (single && value.contains('"')) {
    return wrong("has both kinds of quotes in its " + std::string(name) +
                 ", which the driver cannot be told.");
  }
  const char quote = single ? '"' : '\'';
  return std::string(name) + "=" + quote + value + quote + " ";
}

Result<Address> mysql_address(const boost::urls::url_view& url) {
  std::vector<std::pair<std::string_view, std::string>> settings;
  std::string database(url.path());
  if (database.starts_with('/')) database.erase(0, 1);
  if (database.empty()) return wrong("names no database.");
  settings.emplace_back("dbname", database);
  if (!url.user().empty()) settings.emplace_back("user", url.user());
  if (url.has_password()) settings.emplace_back("password", url.password());
  for (const auto& option : url.params()) {
    if (option.key != "socket") return wrong("has an option that is not socket=PATH.");
    settings.emplace_back("unix_socket", option.value);
  }
  if (!url.host().empty()) settings.emplace_back("host", url.host());
  if (url.has_port()) settings.emplace_back("port", url.port());
  settings.emplace_back("charset", "utf8mb4");
  Address address{.dialect = Dialect::mysql, .connect = {}, .shown = shown_of(url, "mysql")};
  for (const auto& [name, value] : settings) {
    auto text = setting(name, value);
    if (!text) return std::unexpected(text.error());
    address.connect += *text;
  }
  return address;
}

/// libpq reads the URL itself. SOCI takes the text apart at its first = and puts another one behind
/// where there is none, so there must be one.
std::string postgresql_connect(std::string_view url) {
  std::string connect(url);
  if (!connect.contains('=')) connect.append(connect.contains('?') ? "&" : "?").append(kNamed);
  return connect;
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  if (url.starts_with("sqlite:")) {
    std::string file(url.substr(7));
    if (file.starts_with("//")) file.erase(0, 2);
    if (file.empty()) return wrong("names no file.");
    if (file.contains('"'))
      return wrong("has a quote in its file, which the driver cannot be told.");
    return Address{.dialect = Dialect::sqlite,
                   .connect = "dbname=\"" + file + "\"",
                   .shown = "sqlite:" + file};
  }
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return wrong("is not a URL.");
  const std::string_view scheme(parsed->scheme().data(), parsed->scheme().size());
  if (scheme == "postgresql" || scheme == "postgres") {
    return Address{.dialect = Dialect::postgresql,
                   .connect = postgresql_connect(url),
                   .shown = shown_of(*parsed, "postgresql")};
  }
  if (scheme == "mysql" || scheme == "mariadb") return mysql_address(*parsed);
  return wrong("is of a kind that is not known here.");
}

}  // namespace dibs::ledger

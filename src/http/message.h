#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stamp.h"

namespace dibs::http {

enum class Method : std::uint8_t { get, head, post, put, del, options, other };

struct Header {
  std::string_view name;   ///< as sent; compare without case
  std::string_view value;  ///< without surrounding blanks
};

/// One whole request: the head was framed strictly and the body is complete. Its views are valid
/// only during Handler::handle.
struct Request {
  Method method = Method::other;
  std::string_view target;  ///< path and query, as sent
  std::string_view path;    ///< up to `?`, not percent-decoded
  std::string_view query;   ///< after `?`, empty if none
  std::vector<Header> headers;
  std::string_view body;
  Stamp stamp;                 ///< its place in the order of arrival
  std::string_view peer;       ///< address of the client, numeric
  std::uint32_t listener = 0;  ///< index of the listener in Server::Options

  /// The value of a header, without case; nothing if it is missing. A header that came twice with
  /// a meaning that allows one only (Host, Content-Length, Authorization, Idempotency-Key,
  /// Dibs-Buyer, Origin, Content-Type) was refused by the framing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  ///< beyond the usual ones
  std::string body;
  bool close = false;  ///< close the connection after it
};

}  // namespace dibs::http

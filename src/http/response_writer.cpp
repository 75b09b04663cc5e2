#include "http/response_writer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "http/text.h"

namespace dibs::http {
namespace {

struct Phrase {
  std::uint16_t status;
  std::string_view text;
};
/// Those that Dibs gives. The phrase may be empty, so a status that is missing here is no fault.
constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{411, "Length Required"},
    Phrase{413, "Content Too Large"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{417, "Expectation Failed"},
    Phrase{422, "Unprocessable Content"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{503, "Service Unavailable"},
    Phrase{505, "HTTP Version Not Supported"},
};

std::string_view phrase(std::uint16_t status) {
  const auto found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == kPhrases.end() ? std::string_view() : found->text;
}

void write_header(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || !std::ranges::all_of(name, is_token_char)) return;
  if (!std::ranges::all_of(value, is_value_char)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_headers(std::string& out, const HeaderList& headers) {
  for (const auto& [name, value] : headers) write_header(out, name, value);
}

void write_status_line(std::string& out, std::uint16_t status) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  out.append(phrase(status)).append("\r\n");
}

bool has_header(const HeaderList& headers, std::string_view name) {
  return std::ranges::any_of(
      headers, [&](const auto& header) { return same_ignoring_case(header.first, name); });
}

bool is_json(std::string_view content_type) {
  return content_type.starts_with("application/json") ||
         content_type.starts_with("application/problem+json");
}

}  // namespace

void write_response(std::string& out, const Response& response, WriteOptions options) {
  const bool has_body = response.status != 204 && response.status != 304;
  write_status_line(out, response.status);
  if (has_body) {
    write_header(out, "Content-Type", response.content_type);
    write_header(out, "Content-Length", std::to_string(response.body.size()));
  }
  // An answer about stock or an order is out of date at once, and may be one buyer's own.
  if (is_json(response.content_type) && !has_header(response.headers, "Cache-Control"))
    out.append("Cache-Control: no-store\r\n");
  out.append("X-Content-Type-Options: nosniff\r\n");
  if (options.close) out.append("Connection: close\r\n");
  write_headers(out, response.headers);
  out.append("\r\n");
  if (has_body && !options.head_only) out.append(response.body);
}

void write_stream_head(std::string& out, const HeaderList& headers) {
  write_status_line(out, 200);
  out.append(
      "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n");
  write_headers(out, headers);
  out.append("\r\n");
}

}  // namespace dibs::http

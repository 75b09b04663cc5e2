#include "http/framing_rows.h"

#include <string_view>

namespace dibs::http::testing {
namespace {

using namespace std::string_literals;

/// A POST with these header lines (each with its CRLF) and this body.
std::string post_with(std::string_view lines, std::string_view body = "abc") {
  return "POST /v1/x HTTP/1.1\r\nHost: shop\r\n" + std::string(lines) + "\r\n" + std::string(body);
}
std::string get_with(std::string_view lines) {
  return "GET /v1/x HTTP/1.1\r\nHost: shop\r\n" + std::string(lines) + "\r\n";
}
std::string get_line(std::string_view line) { return std::string(line) + "\r\nHost: shop\r\n\r\n"; }

std::string many_headers(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "X-" + std::to_string(i) + ": 1\r\n";
  return lines;
}

std::vector<FramingRow> lengths() {
  return {
      {"two equal lengths", post_with("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
      {"two different lengths", post_with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
      {"length in two cases", post_with("Content-Length: 3\r\ncontent-length: 3\r\n"), 400},
      {"list of equal lengths", post_with("Content-Length: 3, 3\r\n"), 400},
      {"list of lengths", post_with("Content-Length: 3,4\r\n"), 400},
      {"list that begins empty", post_with("Content-Length: ,3\r\n"), 400},
      {"positive length", post_with("Content-Length: +3\r\n"), 400},
      {"negative length", post_with("Content-Length: -3\r\n"), 400},
      {"length with leading zero", post_with("Content-Length: 03\r\n"), 400},
      {"length of two zeros", post_with("Content-Length: 00\r\n", ""), 400},
      {"hexadecimal length", post_with("Content-Length: 0x3\r\n"), 400},
      {"hexadecimal digit", post_with("Content-Length: a\r\n"), 400},
      {"length with a fraction", post_with("Content-Length: 3.0\r\n"), 400},
      {"length with an exponent", post_with("Content-Length: 3e0\r\n"), 400},
      {"quoted length", post_with("Content-Length: \"3\"\r\n"), 400},
      {"length with a blank inside", post_with("Content-Length: 1 2\r\n"), 400},
      {"length with a separator", post_with("Content-Length: 1_000\r\n"), 400},
      {"empty length", post_with("Content-Length:\r\n"), 400},
      {"length beyond 64 bits", post_with("Content-Length: 18446744073709551619\r\n"), 400},
      {"length far beyond 64 bits", post_with("Content-Length: 99999999999999999999999\r\n"), 400},
      {"length at 63 bits", post_with("Content-Length: 9223372036854775807\r\n"), 413},
      {"length over the limit", post_with("Content-Length: 16385\r\n"), 413},
      {"length over the limit on GET", get_with("Content-Length: 16385\r\n"), 413},
      {"POST without length", post_with(""), 411},
      {"PUT without length", "PUT /v1/x HTTP/1.1\r\nHost: shop\r\n\r\n", 411},
  };
}

std::vector<FramingRow> encodings() {
  return {
      {"chunked", post_with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), 411},
      {"chunked on GET", get_with("Transfer-Encoding: chunked\r\n"), 411},
      {"chunked in capitals", post_with("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 411},
      {"length, then encoding",
       post_with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"encoding, then length",
       post_with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
      {"length and unknown encoding",
       post_with("Content-Length: 3\r\nTransfer-Encoding: xchunked\r\n"), 400},
      {"unknown encoding, then length",
       post_with("Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n"), 400},
      {"unknown encoding", post_with("Transfer-Encoding: xchunked\r\n"), 501},
      {"gzip, chunked", post_with("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"chunked twice in a list", post_with("Transfer-Encoding: chunked, chunked\r\n"), 501},
      {"identity", post_with("Transfer-Encoding: identity\r\n"), 501},
      {"quoted chunked", post_with("Transfer-Encoding: \"chunked\"\r\n"), 501},
      {"chunked with vertical tab", post_with("Transfer-Encoding: \vchunked\r\n"), 400},
      {"encoding twice", post_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {"empty encoding", post_with("Transfer-Encoding:\r\n"), 501},
      {"expect", post_with("Content-Length: 3\r\nExpect: 100-continue\r\n"), 417},
      {"expect something else", get_with("Expect: miracles\r\n"), 417},
  };
}

std::vector<FramingRow> lines() {
  return {
      {"folded with a blank", get_with("X-A: 1\r\n 2\r\n"), 400},
      {"folded with a tab", get_with("X-A: 1\r\n\t2\r\n"), 400},
      {"folded empty value", get_with("X-A:\r\n 2\r\n"), 400},
      {"folded length", post_with("Content-Length:\r\n 3\r\n"), 400},
      {"blank before the first header", "GET / HTTP/1.1\r\n Host: shop\r\n\r\n", 400},
      {"line feed after the request line", "GET / HTTP/1.1\nHost: shop\r\n\r\n", 400},
      {"line feed after a header", get_with("X-A: 1\nX-B: 2\r\n"), 400},
      {"line feeds only", "GET / HTTP/1.1\nHost: shop\n\n", 400},
      {"line feed at the end", "GET / HTTP/1.1\r\nHost: shop\r\n\n", 400},
      {"carriage return in a value", get_with("X-A: 1\r2\r\n"), 400},
      {"carriage return before a header", get_with("\rX-A: 1\r\n"), 400},
      {"two carriage returns", get_with("X-A: 1\r\r\n"), 400},
      {"carriage return at the end", "GET / HTTP/1.1\r\nHost: shop\r\n\r\r\n", 400},
      {"carriage return in the request line", "GET /\r HTTP/1.1\r\nHost: shop\r\n\r\n", 400},
      {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: shop\r\n\r\n", 400},
      {"line feed first", "\nGET / HTTP/1.1\r\nHost: shop\r\n\r\n", 400},
      {"blank first", " GET / HTTP/1.1\r\nHost: shop\r\n\r\n", 400},
      {"NUL first", "\0GET / HTTP/1.1\r\nHost: shop\r\n\r\n"s, 400},
      {"NUL in a value", get_with("X-A: 1\0002\r\n"s), 400},
      {"NUL in a name", get_with("X\0A: 1\r\n"s), 400},
      {"NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: shop\r\n\r\n"s, 400},
      {"bell in a value", get_with("X-A: \a\r\n"), 400},
      {"escape in a value", get_with("X-A: \x1b[0m\r\n"), 400},
      {"delete in a value", get_with("X-A: \x7f\r\n"), 400},
      {"form feed in a value", get_with("X-A: \f1\r\n"), 400},
      {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01"s, 400},
  };
}

std::vector<FramingRow> headers() {
  return {
      {"blank before the colon", get_with("X-A : 1\r\n"), 400},
      {"blank before the length's colon", post_with("Content-Length : 3\r\n"), 400},
      {"tab before the colon", get_with("X-A\t: 1\r\n"), 400},
      {"blank inside a name", get_with("X A: 1\r\n"), 400},
      {"empty name", get_with(": 1\r\n"), 400},
      {"no colon", get_with("X-A\r\n"), 400},
      {"bracket in a name", get_with("X(A): 1\r\n"), 400},
      {"letter beyond ASCII in a name", get_with("X-\xc3\xa4: 1\r\n"), 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: shop\r\nHost: shop\r\n\r\n", 400},
      {"two different Hosts", "GET / HTTP/1.1\r\nHost: shop\r\nHost: evil\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n", 400},
      {"no header at all", "GET / HTTP/1.1\r\n\r\n", 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: shop/a\r\n\r\n", 400},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: a@shop\r\n\r\n", 400},
      {"list of Hosts", "GET / HTTP/1.1\r\nHost: shop, evil\r\n\r\n", 400},
      {"two Authorizations", get_with("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"),
       400},
      {"two Idempotency-Keys", get_with("Idempotency-Key: a\r\nIdempotency-Key: a\r\n"), 400},
      {"two buyers", get_with("Dibs-Buyer: a\r\nDibs-Buyer: b\r\n"), 400},
      {"two Origins", get_with("Origin: http://a\r\nOrigin: http://a\r\n"), 400},
      {"two Content-Types", get_with("Content-Type: a/b\r\nContent-Type: a/b\r\n"), 400},
      {"two Cookies", get_with("Cookie: a=1\r\nCookie: b=2\r\n"), 400},
      {"two webhook signatures", get_with("webhook-signature: a\r\nWebhook-Signature: b\r\n"), 400},
      {"malformed Connection", get_with("Connection: \"close\r\n"), 400},
      {"65 headers", get_with(many_headers(64)), 431},
      {"head over 16 KiB", get_with("X-A: " + std::string(16384, 'a') + "\r\n"), 431},
      {"endless head", "GET / HTTP/1.1\r\nX-A: " + std::string(17000, 'a'), 431},
      {"endless request line", "GET /" + std::string(17000, 'a'), 431},
  };
}

std::vector<FramingRow> request_lines() {
  return {
      {"HTTP/1.0", get_line("GET / HTTP/1.0"), 505},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"HTTP/0.9 by number", get_line("GET / HTTP/0.9"), 505},
      {"HTTP/1.2", get_line("GET / HTTP/1.2"), 505},
      {"HTTP/2.0", get_line("GET / HTTP/2.0"), 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/1.10", get_line("GET / HTTP/1.10"), 505},
      {"HTTP/01.1", get_line("GET / HTTP/01.1"), 505},
      {"lower case version", get_line("GET / http/1.1"), 505},
      {"another protocol", get_line("GET / RTSP/1.1"), 505},
      {"blank after the version", get_line("GET / HTTP/1.1 "), 505},
      {"two blanks before the target", get_line("GET  / HTTP/1.1"), 400},
      {"two blanks after the target", get_line("GET /  HTTP/1.1"), 505},
      {"tab in the request line", get_line("GET\t/ HTTP/1.1"), 400},
      {"blank in the target", get_line("GET /a b HTTP/1.1"), 505},
      {"no target", get_line("GET HTTP/1.1"), 400},
      {"no method", get_line("/ HTTP/1.1"), 400},
      {"method with a colon", get_line("GE:T / HTTP/1.1"), 400},
      {"absolute target", get_line("GET http://shop/ HTTP/1.1"), 400},
      {"asterisk target", get_line("OPTIONS * HTTP/1.1"), 400},
      {"target without slash", get_line("GET a HTTP/1.1"), 400},
      {"target with fragment", get_line("GET /a#b HTTP/1.1"), 400},
      {"target with backslash", get_line("GET /a\\b HTTP/1.1"), 400},
      {"target with quote", get_line("GET /a\"b HTTP/1.1"), 400},
      {"target beyond ASCII", get_line("GET /\xc3\xa4 HTTP/1.1"), 400},
      {"target with delete", get_line("GET /a\x7f HTTP/1.1"), 400},
      {"target over 2 KiB", get_line("GET /" + std::string(2048, 'a') + " HTTP/1.1"), 400},
      {"CONNECT", get_line("CONNECT shop:443 HTTP/1.1"), 501},
      {"TRACE", get_line("TRACE / HTTP/1.1"), 501},
  };
}

std::vector<FramingRow> make_refused() {
  std::vector<FramingRow> rows;
  for (const auto& part : {lengths(), encodings(), lines(), headers(), request_lines()})
    rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

std::vector<FramingRow> make_accepted() {
  std::string fullest_head = "GET / HTTP/1.1\r\nHost: shop\r\nX-A: ";
  fullest_head += std::string(16384 - fullest_head.size() - 4, 'a') + "\r\n\r\n";
  return {
      {"least request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no blank after the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"},
      {"blanks around a value", get_with("X-A: \t 1 \t \r\n")},
      {"blanks around a length", post_with("Content-Length: \t3 \r\n")},
      {"empty value", get_with("X-A:\r\n")},
      {"colons in a value", get_with("X-A: a:b: c\r\n")},
      {"letters beyond ASCII in a value", get_with("X-A: \xc3\xa4\r\n")},
      {"odd but good name", get_with("!#$%&'*+-.^_`|~: 1\r\n")},
      {"name of another header with underscore",
       post_with("Content_Length: 9\r\nContent-Length: 3\r\n")},
      {"empty body", post_with("Content-Length: 0\r\n", "")},
      {"body that looks like a request",
       post_with("Content-Length: 19\r\n", "GET /b HTTP/1.1\r\n\r\n")},
      {"body of NULs", post_with("Content-Length: 3\r\n", "\0\0\0"s)},
      {"fullest body", post_with("Content-Length: 16384\r\n", std::string(16384, 'b'))},
      {"GET with a body", get_with("Content-Length: 3\r\n") + "abc"},
      {"DELETE with a body", "DELETE /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"},
      {"DELETE without a body", "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"unknown method without a body", "BREW /x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"unknown method with a body",
       "PATCH /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"},
      {"lower case method is another method", "get /x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"OPTIONS", "OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"query", "GET /x?a=b&c=%20|^{}[]'();~ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"double slash", "GET //x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"longest target", "GET /" + std::string(2047, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"64 headers", get_with(many_headers(63))},
      {"fullest head", fullest_head},
      {"IPv6 host with port", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"},
      {"repeated list header", get_with("Accept: a/b\r\nAccept: c/d\r\n")},
      {"keep-alive and upgrade", get_with("Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n")},
  };
}

}  // namespace

const std::vector<FramingRow>& refused_rows() {
  static const std::vector<FramingRow> rows = make_refused();
  return rows;
}

const std::vector<FramingRow>& accepted_rows() {
  static const std::vector<FramingRow> rows = make_accepted();
  return rows;
}

}  // namespace dibs::http::testing

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include "http/framing.h"
#include "http/text.h"

namespace dibs::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using Field = beast::http::field;
using Verb = beast::http::verb;

constexpr Refusal kGrammar{400, "not a strict HTTP/1.1 head"};
constexpr Refusal kVersion{505, "only HTTP/1.1 is spoken here"};
constexpr Refusal kMethod{501, "the method is not served here"};
constexpr Refusal kTarget{400, "the target must be a path that begins with a slash"};
constexpr Refusal kTargetLong{400, "the target is too long"};
constexpr Refusal kTooMany{431, "too many headers"};
constexpr Refusal kTwice{400, "a header came twice that may come once"};
constexpr Refusal kNoHost{400, "the Host header is missing"};
constexpr Refusal kBadHost{400, "the Host header is malformed"};
constexpr Refusal kBadLength{400, "the Content-Length is malformed"};
constexpr Refusal kNoLength{411,
                            "a request of this kind needs a Content-Length: send 0 when it has no "
                            "body (curl -d '')"};
constexpr Refusal kLengthAndEncoding{400, "both Content-Length and Transfer-Encoding"};
constexpr Refusal kChunked{411, "chunked bodies are not read here: send a Content-Length"};
constexpr Refusal kEncoding{501, "the Transfer-Encoding is not known here"};
constexpr Refusal kBody{413, "the body is too long"};
constexpr Refusal kExpect{417, "Expect is not served here: send the body at once"};

/// Headers whose second value would be somebody else's choice of the first: read by one part of a
/// chain as the one, by another part as the other.
constexpr std::array<std::string_view, 14> kOnce = {
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "Dibs-Buyer",
    "Host",
    "Idempotency-Key",
    "Last-Event-ID",
    "Origin",
    "Content-Length",
    "Transfer-Encoding",
    "webhook-signature",
    "webhook-timestamp",
    "webhook-id",
};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// What a target may hold: RFC 3986's characters, and those that browsers send without encoding
/// (`|`, `^`, braces). No backslash, which some read as a slash; no fragment; ASCII only.
bool is_target_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"#<>\\").find(c) == std::string_view::npos;
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:[]").find(c) != std::string_view::npos;
}

Method method_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return Method::get;
    case Verb::head:
      return Method::head;
    case Verb::post:
      return Method::post;
    case Verb::put:
      return Method::put;
    case Verb::delete_:
      return Method::del;
    case Verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

/// Beast's parser, asked for the grammar alone. It gets whole heads only, and never a body.
class HeadReader final : public beast::http::basic_parser<true> {
 public:
  HeadReader(const Limits& limits, Request& request) : limits_(limits), request_(request) {
    header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    body_limit(boost::none);  // judged in finish(), after everything else about the head
    request_.headers.clear();
  }

  std::expected<HeadFacts, Refusal> read(std::string_view head) {
    error_code error;
    const std::size_t used = put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (refusal_) return std::unexpected(*refusal_);
    if (error == beast::http::error::bad_version) return std::unexpected(kVersion);
    if (error == beast::http::error::bad_content_length ||
        error == beast::http::error::multiple_content_length)
      return std::unexpected(kBadLength);
    if (error || used != head.size() || !is_header_done()) return std::unexpected(kGrammar);
    return finish();
  }

 private:
  void on_request_impl(Verb verb, beast::string_view, beast::string_view target, int version,
                       error_code& error) override {
    request_.method = method_of(verb);
    request_.target = view(target);
    const auto question = std::min(request_.target.find('?'), request_.target.size());
    request_.path = request_.target.substr(0, question);
    request_.query = request_.target.substr(std::min(question + 1, request_.target.size()));
    if (version != 11) return refuse(kVersion, error);
    if (verb == Verb::connect || verb == Verb::trace) return refuse(kMethod, error);
    if (request_.target.size() > limits_.target_bytes) return refuse(kTargetLong, error);
    if (!request_.target.starts_with('/') || !std::ranges::all_of(request_.target, is_target_char))
      return refuse(kTarget, error);
  }

  void on_field_impl(Field field, beast::string_view name, beast::string_view value,
                     error_code& error) override {
    if (request_.headers.size() == limits_.headers) return refuse(kTooMany, error);
    if (is_second(view(name))) return refuse(kTwice, error);
    request_.headers.push_back({view(name), view(value)});
    switch (field) {
      case Field::host:
        has_host_ = true;
        if (value.empty() || !std::ranges::all_of(view(value), is_host_char))
          refuse(kBadHost, error);
        break;
      case Field::content_length:
        if (!read_length(view(value))) refuse(kBadLength, error);
        break;
      case Field::transfer_encoding:
        has_encoding_ = true;
        is_chunked_ = same_ignoring_case(view(value), "chunked");
        break;
      case Field::expect:
        expects_ = true;
        break;
      case Field::connection:
        facts_.close |= list_has(view(value), "close");
        break;
      default:
        break;
    }
  }

  /// In the order in which API.md lists them: what is malformed before what is not served.
  std::expected<HeadFacts, Refusal> finish() {
    if (!has_host_) return std::unexpected(kNoHost);
    if (has_encoding_ && has_length_) return std::unexpected(kLengthAndEncoding);
    if (has_encoding_) return std::unexpected(is_chunked_ ? kChunked : kEncoding);
    const bool needs_length = request_.method == Method::post || request_.method == Method::put;
    if (needs_length && !has_length_) return std::unexpected(kNoLength);
    if (facts_.body_bytes > limits_.body_bytes) return std::unexpected(kBody);
    if (expects_) return std::unexpected(kExpect);
    return facts_;
  }

  [[nodiscard]] bool is_second(std::string_view name) const {
    const auto same = [&](std::string_view other) { return same_ignoring_case(name, other); };
    return std::ranges::any_of(kOnce, same) && request_.header(name).has_value();
  }

  /// One spelling for each length: digits, no sign, no leading zero, no list. Nineteen digits fit
  /// 64 bits whatever they are.
  bool read_length(std::string_view text) {
    constexpr std::size_t kDigitsMax = 19;
    if (text.empty() || text.size() > kDigitsMax) return false;
    if (text.size() > 1 && text.front() == '0') return false;
    if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return false;
    std::from_chars(text.data(), text.data() + text.size(), facts_.body_bytes);
    has_length_ = true;
    return true;
  }

  void refuse(const Refusal& refusal, error_code& error) {
    refusal_ = refusal;
    error = beast::http::error::bad_value;  // any error stops the parser
  }

  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override {
    return 0;
  }
  void on_finish_impl(error_code&) override {}

  const Limits& limits_;
  Request& request_;
  HeadFacts facts_;
  std::optional<Refusal> refusal_;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool is_chunked_ = false;
  bool expects_ = false;
};

}  // namespace

std::expected<HeadFacts, Refusal> read_head(std::string_view head, const Limits& limits,
                                            Request& request) {
  return HeadReader(limits, request).read(head);
}

}  // namespace dibs::http

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "http/framing.h"
#include "http/response_reader.h"

// Any bytes: the framing gives one verdict, however they are cut, and a good head keeps the rules
// that everything behind it relies on. The first byte says where to cut.

namespace {

using dibs::http::HeadScan;
using dibs::http::Limits;
using dibs::http::Method;
using dibs::http::Request;

constexpr Limits kLimits{};

struct Verdict {
  std::uint16_t refused = 0;
  std::size_t head_bytes = 0;
  std::size_t body_bytes = 0;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

void check_good(std::string_view head, const Request& request) {
  DIBS_ASSERT(head.ends_with("\r\n\r\n"));
  DIBS_ASSERT(head.find("\r\n\r\n") == head.size() - 4);
  DIBS_ASSERT(request.target.starts_with('/'));
  DIBS_ASSERT(request.target.size() <= kLimits.target_bytes);
  DIBS_ASSERT(request.headers.size() <= kLimits.headers);
  DIBS_ASSERT(!request.header("Transfer-Encoding") && !request.header("Expect"));
  DIBS_ASSERT(request.header("Host"));
  const bool has_body = request.method == Method::post || request.method == Method::put;
  DIBS_ASSERT(!has_body || request.header("Content-Length"));
  const auto lines = std::count(head.begin(), head.end(), '\n');
  DIBS_ASSERT(static_cast<std::size_t>(lines) == request.headers.size() + 2);
}

Verdict judge(std::string_view bytes, std::size_t cut) {
  HeadScan scan;
  for (const std::size_t end : {cut, bytes.size()}) {
    const std::string_view seen = bytes.substr(0, end);
    if (const auto wrong = scan.advance(seen, kLimits.head_bytes))
      return {.refused = wrong->status};
    if (scan.head_bytes() == 0) continue;
    Request request;
    const auto facts = read_head(seen.substr(0, scan.head_bytes()), kLimits, request);
    if (!facts) return {.refused = facts.error().status};
    DIBS_ASSERT(facts->body_bytes <= kLimits.body_bytes);
    check_good(seen.substr(0, scan.head_bytes()), request);
    return {0, scan.head_bytes(), facts->body_bytes};
  }
  return {};
}

void read_as_client(std::string_view bytes, std::size_t cut) {
  dibs::http::ResponseReader whole;
  dibs::http::ResponseReader parts;
  const bool whole_good = whole.feed(bytes);
  const bool parts_good = parts.feed(bytes.substr(0, cut)) && parts.feed(bytes.substr(cut));
  DIBS_ASSERT(whole_good == parts_good);
  for (;;) {
    const auto one = whole.take();
    const auto other = parts.take();
    DIBS_ASSERT(one.has_value() == other.has_value());
    if (!one) break;
    DIBS_ASSERT(one->status == other->status && one->body == other->body);
  }
  for (;;) {
    const auto one = whole.take_event();
    const auto other = parts.take_event();
    DIBS_ASSERT(one.has_value() == other.has_value());
    if (!one) break;
    DIBS_ASSERT(one->data == other->data && one->id == other->id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = (data[0] * 256U + data[1]) % (bytes.size() + 1);
  const Verdict whole = judge(bytes, bytes.size());
  DIBS_ASSERT(judge(bytes, cut) == whole);
  read_as_client(bytes, cut);
  return 0;
}

#include <string>
#include <vector>

#include "api/base64url.h"
#include "api/cookie.h"
#include "api/jwt.h"
#include "api/query.h"
#include "base/assert.h"
#include "fuzz/bytes.h"
#include "webhook/signature.h"

namespace {

using namespace dibs;

/// Texts cut out of what the fuzzer gives, at its line ends.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

const api::JwtVerifier& verifier() {
  static const auto made = api::JwtVerifier::make(
      {.algorithm = api::JwtAlgorithm::hs256, .keys = {std::string(32, 'k')}, .audience = "dibs"});
  DIBS_ASSERT(made);
  return *made;
}

}  // namespace

/// Any token, cookie, query and signature: nobody is let in who does not hold a secret, and what is
/// decoded has one spelling only.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<webhook::Secret> secrets = {webhook::Secret::random()};
  const std::string_view text = text_of(data, size);
  const Instant now = from_ns(1'800'000'000'000'000'000);
  DIBS_ASSERT(!verifier().verify(text, now));
  if (const auto bytes = api::base64url_decoded(text)) DIBS_ASSERT(api::base64url(*bytes) == text);
  static_cast<void>(api::cookie_value(text, "__Host-dibs"));
  static_cast<void>(api::percent_decoded(text));
  if (const auto query = api::Query::parse(text)) static_cast<void>(query->get("limit"));
  if (const auto secret = webhook::Secret::parse(text)) {
    DIBS_ASSERT(webhook::Secret::parse(secret->text())->bytes() == secret->bytes());
  }
  const auto lines = lines_of(text);
  if (lines.size() < 4) return 0;
  const webhook::Signature signature{lines[0], lines[1], lines[2]};
  DIBS_ASSERT(webhook::check(signature, lines[3], now, secrets) != webhook::Check::good);
  return 0;
}

#include "base/assert.h"
#include "fuzz/bytes.h"
#include "payment/wire.h"

/// Whatever a provider says: what is understood is said again and understood the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dibs;
  const std::string_view text = text_of(data, size);
  if (const auto intent = payment::parse_intent(text)) {
    const std::string said = payment::to_json(*intent);
    const auto again = payment::parse_intent(said);
    DIBS_ASSERT(again && payment::to_json(*again) == said);
  }
  if (const auto request = payment::parse_intent_request(text)) {
    const std::string said = payment::to_json(*request);
    const auto again = payment::parse_intent_request(said);
    DIBS_ASSERT(again && payment::to_json(*again) == said);
  }
  if (const auto event = payment::parse_intent_event(text)) {
    const std::string said = payment::to_json(*event);
    const auto again = payment::parse_intent_event(said);
    DIBS_ASSERT(again && payment::to_json(*again) == said);
  }
  static_cast<void>(payment::parse_intents(text));
  return 0;
}

#include "base/assert.h"
#include "events/cloud_event.h"
#include "fuzz/bytes.h"

/// Whatever is on the topic: what is taken is an event whose hash is its own, and says the same
/// when it is written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dibs;
  const auto event = events::parse_cloud_event(text_of(data, size));
  if (!event) return 0;
  DIBS_ASSERT(events::chain_hash(event->previous, event->sale, event->event) == event->hash);
  const auto again = events::parse_cloud_event(events::to_cloud_event(*event));
  DIBS_ASSERT(again && *again == *event);
  return 0;
}

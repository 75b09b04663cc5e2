#include <hiredis/hiredis.h>

#include <memory>

#include "base/assert.h"
#include "fuzz/bytes.h"
#include "ledger/address.h"
#include "redis/address.h"
#include "redis/call.h"

namespace {

using namespace dibs;

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};

void read_reply(const redisReply& reply) {
  if (const auto event = redis::decode_event(reply)) {
    std::string packed;
    ByteWriter out(packed);
    sale::encode(*event, out);
    ByteReader in(packed);
    DIBS_ASSERT(sale::decode(in) == *event);
  }
  for (const std::size_t commands : {0UL, 1UL, 3UL}) {
    const auto result = redis::parse(reply, Seq(), commands);
    DIBS_ASSERT(!result || result->fenced || result->results.size() == commands);
  }
}

}  // namespace

/// Whatever a server answers, and whatever address somebody types.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  static_cast<void>(redis::parse_addresses(text));
  static_cast<void>(ledger::parse_address(text));
  const std::unique_ptr<redisReader, FreeReader> reader(redisReaderCreate());
  reader->maxbuf = 0;
  if (redisReaderFeed(reader.get(), text.data(), text.size()) != REDIS_OK) return 0;
  void* raw = nullptr;
  while (redisReaderGetReply(reader.get(), &raw) == REDIS_OK && raw != nullptr) {
    read_reply(*static_cast<const redisReply*>(raw));
    freeReplyObject(std::exchange(raw, nullptr));
  }
  return 0;
}

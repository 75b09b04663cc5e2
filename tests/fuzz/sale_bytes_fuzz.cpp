#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "sale/event.h"
#include "sale/sale.h"

/// Whatever bytes come from a disk: events are decoded, replayed and written back as they were,
/// snapshots are loaded and saved back as they were, and no law is broken by what is accepted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dibs;
  if (size == 0) return 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  if (data[0] % 2 == 0) {
    sale::Sale replayed(SaleId("s"));
    ByteReader in(bytes);
    while (const auto event = sale::decode(in)) {
      std::string again;
      ByteWriter out(again);
      sale::encode(*event, out);
      ByteReader second(again);
      DIBS_ASSERT(sale::decode(second) == event);
      static_cast<void>(replayed.replay(*event));
    }
    DIBS_ASSERT(replayed.recount().empty());
    return 0;
  }
  const auto loaded = sale::Sale::load(SaleId("s"), bytes);
  if (!loaded) return 0;
  std::string saved;
  loaded->save(saved);
  const auto again = sale::Sale::load(SaleId("s"), saved);
  DIBS_ASSERT(again && again->state_hash() == loaded->state_hash());
  return 0;
}

#include "base/assert.h"
#include "engine/layout.h"
#include "engine/memory_disk.h"
#include "engine/recovery.h"
#include "fuzz/bytes.h"

/// Whatever lies in a data directory: it is refused, or recovered into sales in which every unit is
/// counted. The first byte says which file the rest is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dibs;
  if (size == 0) return 0;
  engine::MemoryDisk disk;
  const std::string dir = "data";
  if (!disk.make_directory(dir)) return 0;
  const std::string bytes(text_of(data, size).substr(1));
  const std::string path = data[0] % 3 == 0   ? engine::mark_path(dir)
                           : data[0] % 3 == 1 ? dir + "/" + engine::segment_name(Position(1))
                                              : dir + "/" + engine::snapshot_name(Position(1));
  if (!disk.open(path, engine::Disk::Mode::create)) return 0;
  disk.overwrite(path, bytes);
  const auto recovered = engine::recover(disk, dir, {});
  if (!recovered) {
    DIBS_ASSERT(!recovered.error().what.empty() && !recovered.error().remedy.empty());
    return 0;
  }
  recovered->sales.each(
      [](const engine::SaleSlot& slot) { DIBS_ASSERT(slot.sale.recount().empty()); });
  return 0;
}

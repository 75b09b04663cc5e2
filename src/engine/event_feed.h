#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/chain_reader.h"
#include "engine/disk.h"
#include "engine/entry.h"
#include "store/event_feed.h"

namespace dibs::engine {

/// Follows the journal beside the process that appends to it, on the caller's thread. Reads only
/// records that `durable` says are durable, so what it gives is never undone. Each record's place
/// in the chain is checked from the segment of the first one on.
class JournalEventReader final : public store::EventReader {
 public:
  JournalEventReader(Disk& disk, std::string dir, store::Taken taken, std::optional<SaleId> sale,
                     std::function<Position()> durable);

  [[nodiscard]] Result<store::EventBatch> next(std::size_t limit) override;

 private:
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<JournalStart> start_of(const NumberedFile& segment, bool& begun);
  /// The next record, which is durable.
  [[nodiscard]] Result<Record> next_record();
  [[nodiscard]] Result<void> take_entry(store::EventBatch& batch);

  Disk& disk_;
  std::string dir_;
  store::Taken taken_;
  Position after_;  ///< the records up to here hold nothing new
  std::optional<SaleId> sale_;
  std::function<Position()> durable_;
  std::unique_ptr<ChainReader> chain_;
  std::optional<EntryReader> entries_;  ///< what is left of the record at `position_`
  Position position_;
};

/// What the events of a data directory are known by: the first 16 bytes of the hash of the
/// journal's first record, in hexadecimal. `corrupt` when there is none.
[[nodiscard]] Result<std::string> journal_epoch(Disk& disk, const std::string& dir);

}  // namespace dibs::engine

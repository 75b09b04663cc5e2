#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "events/chained_event.h"
#include "ledger/address.h"
#include "ledger/rows.h"

namespace dibs::ledger {

/// An event as it comes to the ledger.
struct Delivered {
  events::ChainedEvent event;
  Position position;  ///< in the store's feed; 0: it came another way
};

/// Up to where a source has been read. A name of a source is 1 to 200 characters.
struct Progress {
  std::string source;
  std::uint64_t position = 0;
  bool if_whole = false;  ///< written only where no sale of the batch has stopped or has a gap
};

/// What became of a batch.
struct Report {
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;  ///< had been applied before, maybe by somebody else
  /// Sales of which nothing more was applied, each with the reason in words that name it: a foreign
  /// event, another history, an epoch that is not the ledger's.
  std::map<SaleId, std::string> stopped;
  /// Sales whose next event was missing from the batch, with the last that has been applied: it
  /// must be read again from there.
  std::map<SaleId, Seq> gaps;
};

/// Writes events into the ledger, exactly once in effect.
///
/// **One transaction a batch** holds the applied rows, orders, stock and progress: all or nothing
/// of it is there after any crash. The applied row of a sale is locked first, and says what is
/// new: what it has already is skipped, what leaves a gap or does not continue its chain is not
/// applied. So any number of appliers may work at once, on the same events too, and one that was
/// thought dead does no harm.
/// **Durability.** When apply() has returned a report, the database has it on its disk.
/// **Faults.** After one, it is not known whether the batch was committed: the same events may be
/// given again, at once or after any pause; the next call connects anew.
/// Not thread-safe. Blocks as long as the database does.
class Applier {
 public:
  explicit Applier(Address address);
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;
  ~Applier();

  /// Connects, where it is not connected, and brings the tables to this program's version.
  [[nodiscard]] Result<void> open();

  /// Applies events, those of each sale in order, and says in the same transaction how far their
  /// sources have been read.
  [[nodiscard]] Result<Report> apply(std::span<const Delivered> events,
                                     std::span<const Progress> progress = {});

  /// How far every sale has been applied.
  [[nodiscard]] Result<std::map<SaleId, AppliedRow>> applied();
  /// Up to where `source` has been read; nothing: never.
  [[nodiscard]] Result<std::optional<std::uint64_t>> position(const std::string& source);
  /// The figures of every sale's items and how far each is, of one moment.
  struct Figures {
    Seq seq;
    std::vector<ItemRow> items;  ///< in the order of the sale's list
  };
  [[nodiscard]] Result<std::map<SaleId, Figures>> figures();

  /// Takes every row away, for who writes the ledger anew from the first event.
  [[nodiscard]] Result<void> make_anew();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::ledger

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/chain_reader.h"
#include "engine/disk.h"
#include "engine/mark.h"
#include "engine/sales.h"

/// Reading a journal back. The rule for its end: only a last, incomplete commit may be dropped.
/// Anything else that is wrong is refused with file, offset and position, and nothing is changed.
namespace dibs::engine {

struct RecoverOptions {
  /// Another process may be appending: what looks torn is looked at again before it is believed.
  bool beside_server = false;
  /// Nothing there is `not_found`, rather than a new and empty journal.
  bool must_exist = false;
  /// Fold the entries into `sales`; otherwise only the chain is checked.
  bool fold = true;
  /// Hold the journal against the mark. Without it nobody can say whether the end is lost.
  bool use_mark = true;
  /// Begin from the newest good snapshot rather than from the first record.
  bool use_snapshots = true;
  /// A record that is known to have been durable: an end before it is refused.
  Position known{};
  /// Begin here, when it is known and, with a snapshot, right behind that; otherwise at the first
  /// record. What lies before is not checked again.
  std::optional<JournalStart> from{};
  /// Called for every record read, after its place in the chain was checked; false stops there.
  std::function<bool(const Record&)> visit{};
};

struct Recovered {
  Sales sales;
  ChainPoint last;           ///< the end of the chain; position 0: an empty journal
  std::optional<Mark> mark;  ///< nothing: a new directory
  Position snapshot;         ///< folded from the records after it; 0: from all
  JournalStart next;         ///< what follows `last`
  std::optional<JournalStart> after_snapshot;  ///< what follows the record of `snapshot`
  std::uint64_t bytes = 0;                     ///< of all records read
  std::uint64_t bytes_in_snapshot = 0;         ///< of those that the snapshot stands for
  std::vector<NumberedFile> segments;
  JournalPlace end;  ///< where the next record goes
  /// The first record that the mark does not cover, or `end`.
  std::optional<JournalPlace> unmarked;
  bool torn = false;                  ///< an incomplete last commit lies at `end`
  std::vector<std::string> warnings;  ///< for the log: what was odd and harmless

  /// The last moment at which a process was alive, as far as anybody knows.
  [[nodiscard]] Instant last_alive() const;
};

/// Reads the whole journal of `dir` and changes nothing.
[[nodiscard]] Result<Recovered> recover(Disk& disk, const std::string& dir,
                                        const RecoverOptions& options);

/// Before serving: writes again what the mark does not know to be durable (after a failed sync it
/// may be in the system's memory only), zeroes what lies behind the end, and syncs both.
[[nodiscard]] Result<void> repair_tail(Disk& disk, const std::string& dir,
                                       const Recovered& recovered);

/// `not_found` when an engine has never written to `dir`, and why: it may be a gateway's on Redis.
[[nodiscard]] Result<void> check_there_is_a_journal(Disk& disk, const std::string& dir);

}  // namespace dibs::engine

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "sale/sale.h"
#include "store/event_feed.h"

/// Reading a data directory without an engine: what `dibs journal`, `dibs audit` and `dibs why`
/// do. Each changes nothing and may run beside the server (a record that is just being written is
/// waited for); what a server does meanwhile may or may not be seen. `not_found` where there is no
/// journal.
namespace dibs::engine {

class Disk;

struct JournalReport {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t refused = 0;  ///< numbered requests that were refused
  std::uint64_t sales = 0;
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t snapshots = 0;
  Position last;
  std::uint64_t epoch = 0;
  bool clean_end = false;            ///< the last process ended in order
  std::optional<Fault> fault;        ///< the first, with file, offset and position in words
  std::vector<std::string> remarks;  ///< odd and harmless, such as a torn last commit
};

/// Checks every record's place in the chain, its hash and that its entries can follow, and every
/// snapshot. Counts reach up to the first fault.
[[nodiscard]] JournalReport verify(const std::string& dir);
[[nodiscard]] JournalReport verify(const std::string& dir, Disk& disk);

/// Gives every entry of the journal as one line of JSON, in order; events of a sale only up to
/// `to_seq` (0: all of them).
[[nodiscard]] Result<void> dump(const std::string& dir, Seq to_seq,
                                const std::function<void(std::string_view)>& line);

/// Gives every event of the journal that is durable at the call, in order, until `visit` says
/// false.
[[nodiscard]] Result<void> events(const std::string& dir,
                                  const std::function<bool(const store::FedEvent&)>& visit);
/// What the events of this data directory are known by: store::EventFeed::epoch_of. Empty: there is
/// no event yet.
[[nodiscard]] Result<std::string> events_epoch(const std::string& dir);

/// Every sale as it was right after its event `to_seq` (0: after its last).
[[nodiscard]] Result<std::vector<sale::SaleView>> replay(const std::string& dir, Seq to_seq);

/// Gives every order as it is at the end of the journal, with the spec of its sale; those of
/// archived sales are left out.
[[nodiscard]] Result<void> orders(
    const std::string& dir,
    const std::function<void(const sale::OrderView&, const sale::SaleSpec&)>& order);

struct BackupReport {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of these records
  Position last;
  bool ends_at_damage = false;  ///< of a damaged journal: what lies before the damage
  std::optional<Fault> damage;  ///< of backup(): where and what
};

/// Writes the journal's good records, from the first on, into the new file `file`, durably. Beside
/// a server: all that was durable at the call. Of a damaged journal: what lies before the damage,
/// and the report says so. On failure there is no such file.
[[nodiscard]] Result<BackupReport> backup(const std::string& dir, const std::string& file);
[[nodiscard]] Result<BackupReport> backup(const std::string& dir, const std::string& file,
                                          Disk& disk);
/// Makes the new data directory `dir` out of a whole backup; one that ends at damage is taken, and
/// the report says so. On failure nothing has been made, or, when the disk failed on the way, an
/// empty directory or one that no server starts from.
[[nodiscard]] Result<BackupReport> restore(const std::string& file, const std::string& dir);
[[nodiscard]] Result<BackupReport> restore(const std::string& file, const std::string& dir,
                                           Disk& disk);

struct AuditReport {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t sales = 0;
  std::uint64_t orders = 0;
  std::uint64_t arrivals = 0;
  std::uint64_t units_total = 0;
  std::uint64_t units_sold = 0;
  std::vector<std::string> differences;  ///< in words; empty: all agree
  std::vector<std::string> remarks;      ///< what was not compared, such as a later program's file
};

/// Holds three accounts of the same journal against each other, order by order and unit by unit:
/// the state by replay through the rules, the newest snapshot, and a second fold that shares no
/// code with the rules. Checks conservation, seqs without gaps, arrivals unique and increasing.
[[nodiscard]] Result<AuditReport> audit(const std::string& dir);
[[nodiscard]] Result<AuditReport> audit(const std::string& dir, Disk& disk);

/// What became of a buyer's requests, one sentence each:
/// "arrival 42 at 12:00:00.0137, sold_out; the ten units went to arrivals 1 to 13 (3 gave theirs
/// back)". Times are UTC.
[[nodiscard]] Result<std::vector<std::string>> why(const std::string& dir, const SaleId& sale,
                                                   const BuyerId& buyer);

}  // namespace dibs::engine

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/journal_options.h"
#include "engine/record.h"

/// Taking a sale that is over out of the engine: all of it into one file, then out of memory and
/// of later snapshots. The journal keeps its records.
namespace dibs::engine {

class Disk;

/// The format of archive files that this program writes, and the only one it reads.
inline constexpr std::uint64_t kArchiveFormat = 1;

struct ArchiveOptions {
  std::string data_dir;
  SaleId sale;
  std::string file;   ///< empty: archive_path(data_dir, sale)
  std::string actor;  ///< goes into the event
  JournalOptions journal{};
};

struct ArchiveReport {
  std::string file;
  Hash file_hash{};
  std::uint64_t events = 0;
  std::uint64_t refused = 0;
  std::uint64_t orders = 0;
};

[[nodiscard]] std::string archive_path(const std::string& data_dir, const SaleId& sale);

/// Writes the file (synced, renamed, read back and replayed), then records durably that the sale
/// is archived. Needs the directory for itself, as a server does. Fails, with nothing recorded,
/// when a server has the directory, when the sale is not closed or something in it is open, when
/// it is archived already, or when the file cannot be written. After a crash between the two
/// steps the file is there and the sale is not archived: the next call writes it anew.
[[nodiscard]] Result<ArchiveReport> archive_sale(const ArchiveOptions& options, const Clock& clock,
                                                 Disk& disk);

/// What an archive file holds, checked: its own hash, its entries replayed through the rules to
/// the state hash it names, and the second fold without a fault.
struct ArchiveContent {
  SaleId sale;
  ChainPoint at;  ///< the journal's end when it was written
  Seq seq;        ///< of the last event
  std::string entries;
  ArchiveReport report;
};
/// `corrupt` when it is damaged; `bad_input`, with both numbers, when it is of another format.
[[nodiscard]] Result<ArchiveContent> read_archive(Disk& disk, const std::string& path);

/// Gives every entry of an archive file as a line of JSON, then a line for each order as it ended.
[[nodiscard]] Result<ArchiveReport> dump_archive(const std::string& path,
                                                 const std::function<void(std::string_view)>& line);

}  // namespace dibs::engine

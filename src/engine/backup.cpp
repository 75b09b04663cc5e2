#include <filesystem>
#include <utility>

#include "engine/backup_trailer.h"
#include "engine/disk.h"
#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/mark.h"
#include "engine/recovery.h"

namespace dibs::engine {
namespace {

constexpr const char* kBackupRemedy =
    "Make room, or name a new file in another place, then try again.";

/// What a file holds from `offset` on; at most a little more than a trailer.
DiskResult<std::string> read_rest(Disk& disk, const std::string& path, std::uint64_t offset) {
  auto file = disk.open(path, Disk::Mode::read);
  if (!file) return std::unexpected(file.error());
  std::string bytes(kSector + 1, '\0');
  const auto got = read_all(**file, offset, bytes);
  if (!got) return std::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

/// A new file made of records, one after another: a segment like any other, of any length.
class RecordFile {
 public:
  static Result<RecordFile> create(Disk& disk, const std::string& path) {
    auto file = disk.open(path, Disk::Mode::create);
    if (!file) return disk_fault(file.error(), kBackupRemedy);
    return RecordFile(std::move(*file));
  }

  /// False after a failure, which finish() gives.
  [[nodiscard]] bool add(const Record& record) {
    // The padding is written anew: where the last record of a file lost it, there is none to copy.
    bytes_.assign(record.payload.data() - kRecordHeaderBytes,
                  kRecordHeaderBytes + record.payload.size());
    bytes_.resize(record_bytes(record.payload.size()), '\0');
    return add(bytes_);
  }
  [[nodiscard]] bool add(std::string_view bytes) {
    if (auto done = write_all(*file_, offset_, bytes); !done) {
      error_ = done.error();
      return false;
    }
    offset_ += bytes.size();
    return true;
  }

  [[nodiscard]] Result<void> finish() {
    if (!error_) {
      if (auto done = file_->sync(); !done) error_ = done.error();
    }
    if (error_) return disk_fault(*error_, kBackupRemedy);
    return {};
  }

 private:
  explicit RecordFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  std::unique_ptr<File> file_;
  std::string bytes_;
  std::uint64_t offset_ = 0;
  std::optional<DiskError> error_;
};

std::string directory_of(const std::string& file) {
  const std::string parent = std::filesystem::path(file).parent_path().string();
  return parent.empty() ? "." : parent;
}

Result<BackupReport> copy_journal(Disk& disk, const std::string& dir, RecordFile& out) {
  BackupReport report;
  BackupTrailer trailer;
  // Without the mark: where that is damaged or missing, the records are good all the same.
  RecoverOptions options{
      .beside_server = true, .must_exist = true, .fold = false, .use_mark = false};
  options.visit = [&](const Record& record) {
    ++trailer.records;
    trailer.last = record.head.position;
    trailer.hash = record.head.own;
    report.bytes += record_bytes(record.payload.size());
    return out.add(record);
  };
  auto recovered = recover(disk, dir, options);
  if (!recovered && trailer.records == 0) return std::unexpected(recovered.error());
  // Whether something is missing behind them, the mark may know.
  if (recovered) {
    recovered = recover(disk, dir, {.beside_server = true, .must_exist = true, .fold = false});
  }
  if (!recovered) report.damage = recovered.error();
  trailer.ends_at_damage = !recovered;
  // A failure is kept and given by finish().
  static_cast<void>(out.add(packed(trailer)));
  if (auto done = out.finish(); !done) return std::unexpected(done.error());
  report.records = trailer.records;
  report.last = trailer.last;
  report.ends_at_damage = trailer.ends_at_damage;
  return report;
}

/// What a whole backup file holds.
struct BackupContent {
  BackupReport report;
  ChainPoint last;
};

/// Reads a backup from beginning to end; `corrupt` unless it is whole. `take` gives false to stop.
template <class Take>
Result<BackupContent> read_backup(Disk& disk, const std::string& file, Take take) {
  const std::string name = std::filesystem::path(file).filename().string();
  ChainReader reader(disk, directory_of(file), {{Position(1), name}}, JournalStart{});
  BackupTrailer expected;
  while (true) {
    const auto record = reader.next();
    if (!record) return disk_fault(record.error(), kBackupRemedy);
    if (!*record) break;
    ++expected.records;
    expected.last = (*record)->head.position;
    expected.hash = (*record)->head.own;
    if (!take(**record)) break;
  }
  const auto rest = read_rest(disk, path_in(directory_of(file), name), reader.bytes());
  if (!rest) return disk_fault(rest.error(), kBackupRemedy);
  const auto trailer = parse_trailer(*rest);
  if (trailer) expected.ends_at_damage = trailer->ends_at_damage;
  if (trailer != expected || expected.records == 0) {
    return fault(FaultKind::corrupt,
                 "file " + file + " is not a whole backup: what follows its " +
                     std::to_string(expected.records) + " good records is not their end",
                 "Nothing was made of it. Take another backup.");
  }
  return BackupContent{.report = {.records = expected.records,
                                  .bytes = reader.bytes(),
                                  .last = expected.last,
                                  .ends_at_damage = expected.ends_at_damage,
                                  .damage = {}},
                       .last = reader.last()};
}

/// The mark comes last and behind durable records: without one no server starts, so half a restore
/// is never served from.
DiskResult<void> write_mark(Disk& disk, const std::string& dir, const ChainPoint& last) {
  if (auto done = disk.sync_directory(dir); !done) return done;
  auto mark = MarkFile::create(disk, mark_path(dir), Instant());
  if (!mark) return std::unexpected(mark.error());
  // Holds are lengthened by the time since the last record: the server was away for that long.
  if (auto done = mark->write(last, last.time, false, true); !done) return done;
  return disk.sync_directory(dir);
}

}  // namespace

Result<BackupReport> backup(const std::string& dir, const std::string& file) {
  return backup(dir, file, posix_disk());
}

Result<BackupReport> backup(const std::string& dir, const std::string& file, Disk& disk) {
  auto out = RecordFile::create(disk, file);
  if (!out) return std::unexpected(out.error());
  auto report = copy_journal(disk, dir, *out);
  if (report) {
    if (auto done = disk.sync_directory(directory_of(file)); !done) {
      report = disk_fault(done.error(), kBackupRemedy);
    }
  }
  if (!report) remove_if_there(disk, file);
  return report;
}

Result<BackupReport> restore(const std::string& file, const std::string& dir) {
  return restore(file, dir, posix_disk());
}

Result<BackupReport> restore(const std::string& file, const std::string& dir, Disk& disk) {
  // Read twice: nothing is made before the file is known to be whole.
  const auto whole = read_backup(disk, file, [](const Record&) { return true; });
  if (!whole) return std::unexpected(whole.error());
  if (auto made = disk.make_directory(dir); !made) return disk_fault(made.error(), kBackupRemedy);
  if (const auto names = disk.list(dir); !names || !names->empty()) {
    return fault(FaultKind::bad_input, "directory " + dir + " is not empty",
                 "Name a new directory; a backup is never put over a journal.");
  }
  auto out = RecordFile::create(disk, path_in(dir, segment_name(Position(1))));
  if (!out) return std::unexpected(out.error());
  const auto copied =
      read_backup(disk, file, [&](const Record& record) { return out->add(record); });
  if (auto done = out->finish(); !done) return std::unexpected(done.error());
  if (!copied) return std::unexpected(copied.error());
  if (auto done = write_mark(disk, dir, copied->last); !done) {
    remove_if_there(disk, mark_path(dir));
    return disk_fault(done.error(), kBackupRemedy);
  }
  return copied->report;
}

}  // namespace dibs::engine

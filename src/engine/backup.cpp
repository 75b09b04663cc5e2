#include <cerrno>
#include <filesystem>

#include "engine/disk.h"
#include "engine/inspect.h"
#include "engine/layout.h"
#include "engine/mark.h"
#include "engine/recovery.h"

namespace dibs::engine {
namespace {

constexpr const char* kRemedy = "Free space or name another place, then try again.";

/// Copies record after record into one file: a segment like any other, of any length.
class RecordFile {
 public:
  static Result<RecordFile> create(Disk& disk, const std::string& path) {
    auto file = disk.open(path, Disk::Mode::create);
    if (!file) return disk_fault(file.error(), kRemedy);
    return RecordFile(std::move(*file));
  }

  [[nodiscard]] bool add(std::string_view record) {
    if (auto done = write_all(*file_, offset_, record); !done) {
      error_ = done.error();
      return false;
    }
    offset_ += record.size();
    return true;
  }

  [[nodiscard]] Result<void> finish() {
    if (!error_) {
      if (auto done = file_->sync(); !done) error_ = done.error();
    }
    if (error_) return disk_fault(*error_, kRemedy);
    return {};
  }

 private:
  explicit RecordFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
  std::optional<DiskError> error_;
};

std::string directory_of(const std::string& file) {
  const std::string parent = std::filesystem::path(file).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// The whole record, header and padding included, as it lies on disk.
std::string_view bytes_of(const Record& record) {
  return {record.payload.data() - kRecordHeaderBytes, record_bytes(record.head.payload_bytes)};
}

}  // namespace

Result<BackupReport> backup(const std::string& dir, const std::string& file) {
  return backup(dir, file, posix_disk());
}

Result<BackupReport> backup(const std::string& dir, const std::string& file, Disk& disk) {
  auto out = RecordFile::create(disk, file);
  if (!out) return std::unexpected(out.error());
  BackupReport report;
  RecoverOptions options{.beside_server = true, .fold = false, .use_mark = false};
  options.visit = [&](const Record& record) {
    ++report.records;
    report.last = record.head.position;
    report.bytes += bytes_of(record).size();
    return out->add(bytes_of(record));
  };
  // A damaged journal is copied up to the damage, and one without a mark as far as it goes;
  // `verify` is who reports it.
  const auto recovered = recover(disk, dir, options);
  if (!recovered && report.records == 0) {
    remove_if_there(disk, file);
    return std::unexpected(recovered.error());
  }
  if (auto done = out->finish(); !done) return std::unexpected(done.error());
  if (auto done = disk.sync_directory(directory_of(file)); !done) {
    return disk_fault(done.error(), kRemedy);
  }
  return report;
}

Result<BackupReport> restore(const std::string& file, const std::string& dir) {
  return restore(file, dir, posix_disk());
}

Result<BackupReport> restore(const std::string& file, const std::string& dir, Disk& disk) {
  if (auto made = disk.make_directory(dir); !made) return disk_fault(made.error(), kRemedy);
  if (const auto names = disk.list(dir); !names || !names->empty()) {
    return fault(FaultKind::bad_input, "directory " + dir + " is not empty",
                 "Name a new directory; a backup is never put over a journal.");
  }
  const std::filesystem::path source(file);
  ChainReader reader(disk, directory_of(file), {{Position(1), source.filename().string()}},
                     ChainPoint{});
  auto out = RecordFile::create(disk, path_in(dir, segment_name(Position(1))));
  if (!out) return std::unexpected(out.error());
  BackupReport report;
  while (true) {
    const auto record = reader.next();
    if (!record) return disk_fault(record.error(), kRemedy);
    if (!*record) break;
    ++report.records;
    if (!out->add(bytes_of(**record))) break;
  }
  if (auto done = out->finish(); !done) return std::unexpected(done.error());
  if (reader.end().why != ChainEnd::Why::clean || report.records == 0) {
    return fault(FaultKind::corrupt, "file " + file + " is not a whole backup",
                 "Take another backup; the directory made from it is of no use.");
  }
  report.last = reader.last().position;
  report.bytes = reader.bytes();
  // The mark comes last: without one no server starts, so half a restore is never served from.
  auto mark = MarkFile::create(disk, mark_path(dir), Instant());
  if (!mark) return disk_fault(mark.error(), kRemedy);
  // Holds are lengthened by the time since the last record: the server was away for that long.
  const auto marked = mark->write(reader.last(), reader.last().time, false, true);
  if (!marked) return disk_fault(marked.error(), kRemedy);
  if (auto done = disk.sync_directory(dir); !done) return disk_fault(done.error(), kRemedy);
  return report;
}

}  // namespace dibs::engine

#include "engine/archive_file.h"

#include <filesystem>

#include "base/bytes.h"
#include "engine/entry.h"
#include "engine/tally.h"

namespace dibs::engine {
namespace {

constexpr std::string_view kArchiveMagic = "DIBA";
constexpr const char* kArchiveRemedy =
    "Nothing was archived. Free space or name another file with --to.";

void put_hash(ByteWriter& out, const Hash& hash) {
  for (const std::uint8_t byte : hash) out.u8(byte);
}

Hash get_hash(ByteReader& in) {
  Hash hash{};
  for (std::uint8_t& byte : hash) byte = in.u8();
  return hash;
}

std::unexpected<Fault> broken(const std::string& path, const std::string& what) {
  return fault(FaultKind::corrupt, "archive " + path + " " + what,
               "Take another copy; while the journal is there, it holds the same events.");
}

Result<void> as_result(const DiskResult<void>& done) {
  if (done) return {};
  return disk_fault(done.error(), kArchiveRemedy);
}

void count(const Entry& entry, ArchiveReport& report) {
  if (std::holds_alternative<EventEntry>(entry.body)) ++report.events;
  if (std::holds_alternative<RefusedEntry>(entry.body)) ++report.refused;
}

/// Both accounts of the entries, as the audit would make them.
Result<void> check_entries(ArchiveContent& content, std::uint64_t state_form,
                           std::uint64_t state_hash, const std::string& path) {
  EntryReader reader(content.entries);
  while (const auto entry = reader.next()) {
    if (entry->sale != content.sale.view()) return broken(path, "holds entries of another sale");
    count(*entry, content.report);
  }
  Sales sales;
  if (auto folded = sales.fold(content.entries); !folded) {
    return broken(path, "cannot be replayed: " + folded.error().what);
  }
  const SaleSlot* slot = sales.find(content.sale);
  if (slot == nullptr || slot->sale.view().seq != content.seq) {
    return broken(path, "ends at another event than it says");
  }
  if (state_form == kStateForm && slot->sale.state_hash() != state_hash) {
    return broken(path, "is replayed to another state than it says");
  }
  content.report.orders = slot->sale.view().orders;
  Tally tally;
  tally.take(content.entries);
  const auto& faults = tally.sales().at(content.sale.value()).faults();
  if (!faults.empty()) return broken(path, "breaks a law: " + faults.front());
  return {};
}

}  // namespace

std::string packed_archive(const SaleSlot& slot, const ChainPoint& at, std::string_view entries) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(kArchiveMagic);
  out.number(kArchiveFormat);
  out.text(slot.id.view());
  out.number(at.position.value());
  put_hash(out, at.hash);
  out.number(at.epoch);
  out.signed_number(to_ns(at.time));
  out.number(slot.sale.view().seq.value());
  out.number(kStateForm);
  out.number(slot.sale.state_hash());
  out.text(entries);
  put_hash(out, sha256(bytes));
  return bytes;
}

Result<ArchiveContent> write_archive(Disk& disk, const std::string& path,
                                     const std::string& bytes) {
  const std::string temporary = path + ".tmp";
  remove_if_there(disk, temporary);  // what an interrupted write left
  auto file = disk.open(temporary, Disk::Mode::create);
  if (!file) return disk_fault(file.error(), kArchiveRemedy);
  auto written = write_all(**file, 0, bytes);
  if (written) written = (*file)->sync();
  if (!written) {
    remove_if_there(disk, temporary);  // its space may be what is missing
    return disk_fault(written.error(), kArchiveRemedy);
  }
  if (auto read = read_archive(disk, temporary); !read) return read;
  if (auto done = as_result(disk.rename(temporary, path)); !done) {
    return std::unexpected(done.error());
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (auto done = as_result(disk.sync_directory(parent.empty() ? "." : parent)); !done) {
    return std::unexpected(done.error());
  }
  return read_archive(disk, path);
}

Result<ArchiveContent> read_archive(Disk& disk, const std::string& path) {
  const auto bytes = read_whole(disk, path);
  if (!bytes) return disk_fault(bytes.error(), "Check the path.");
  if (bytes->size() < sizeof(Hash)) return broken(path, "is too short");
  const std::string_view covered = std::string_view(*bytes).substr(0, bytes->size() - sizeof(Hash));
  ByteReader own(std::string_view(*bytes).substr(covered.size()));
  if (get_hash(own) != sha256(covered)) return broken(path, "does not match its hash");
  ByteReader in(covered);
  if (in.raw(kArchiveMagic.size()) != kArchiveMagic) return broken(path, "is not an archive");
  if (const std::uint64_t format = in.number(); format != kArchiveFormat) {
    return fault(FaultKind::bad_input,
                 "archive " + path + " is of format " + std::to_string(format) +
                     ", this program reads format " + std::to_string(kArchiveFormat),
                 "Read it with the program that wrote it, or a later one.");
  }
  ArchiveContent content;
  content.sale = SaleId(std::string(in.text()));
  content.at.position = Position(in.number());
  content.at.hash = get_hash(in);
  content.at.epoch = in.number();
  content.at.time = from_ns(in.signed_number());
  content.seq = Seq(in.number());
  const std::uint64_t state_form = in.number();
  const std::uint64_t state_hash = in.number();
  content.entries = in.text();
  if (!in.finished()) return broken(path, "has bytes left over or missing");
  content.report.file = path;
  content.report.file_hash = sha256(*bytes);
  if (auto sound = check_entries(content, state_form, state_hash, path); !sound) {
    return std::unexpected(sound.error());
  }
  return content;
}

}  // namespace dibs::engine

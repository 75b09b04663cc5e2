#include "engine/snapshot.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "engine/layout.h"

namespace dibs::engine {
namespace {

constexpr std::string_view kSnapshotMagic = "DIBS";
constexpr std::uint64_t kSnapshotFormat = 1;
constexpr std::string_view kTemporaryName = "snapshot.tmp";

void write_hash(ByteWriter& out, const Hash& hash) {
  for (const std::uint8_t byte : hash) out.u8(byte);
}

Hash read_hash(ByteReader& in) {
  Hash hash{};
  for (std::uint8_t& byte : hash) byte = in.u8();
  return hash;
}

std::string packed(const Snapshot& snapshot) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(kSnapshotMagic);
  out.number(kSnapshotFormat);
  out.number(kStateForm);
  out.number(snapshot.at.position.value());
  write_hash(out, snapshot.at.hash);
  out.number(snapshot.at.epoch);
  out.signed_number(to_ns(snapshot.at.time));
  out.u8(snapshot.sales.clean_end() ? 1 : 0);
  out.number(snapshot.sales.size());
  snapshot.sales.each([&](const SaleSlot& slot) {
    out.text(slot.id.view());
    out.number(slot.last.value());
    out.number(slot.reserved.value());
    out.number(slot.sale.state_hash());
    std::string state;
    slot.sale.save(state);
    out.text(state);
  });
  write_hash(out, sha256(bytes));
  return bytes;
}

std::unexpected<Fault> broken(const std::string& path, const std::string& what) {
  return fault(FaultKind::corrupt, "snapshot " + path + " " + what,
               "The journal itself is used instead; the file may be removed.");
}

std::unexpected<Fault> foreign(const std::string& path, const std::string& what,
                               std::uint64_t found, std::uint64_t known) {
  return fault(FaultKind::bad_input,
               "snapshot " + path + " is of " + what + " " + std::to_string(found) +
                   ", this program reads " + what + " " + std::to_string(known),
               "The journal itself is used instead.");
}

Result<void> read_sale(ByteReader& in, const std::string& path, Sales& sales) {
  const SaleId id{std::string(in.text())};
  const Arrival last(in.number());
  const Arrival reserved(in.number());
  const std::uint64_t state_hash = in.number();
  const std::string_view state = in.text();
  if (!in.ok()) return broken(path, "ends too early");
  auto loaded = sale::Sale::load(id, state);
  if (!loaded) return std::unexpected(loaded.error());
  if (loaded->state_hash() != state_hash) {
    return broken(path, "holds a state of sale " + id.value() + " that is not the one written");
  }
  SaleSlot& slot = sales.find_or_add(id);
  slot.sale = std::move(*loaded);
  slot.last = last;
  slot.reserved = reserved;
  return {};
}

Result<Snapshot> unpacked(std::string_view bytes, const std::string& path) {
  if (bytes.size() < sizeof(Hash)) return broken(path, "is too short");
  const std::string_view covered = bytes.substr(0, bytes.size() - sizeof(Hash));
  ByteReader own(bytes.substr(covered.size()));
  if (read_hash(own) != sha256(covered)) return broken(path, "does not match its hash");

  ByteReader in(covered);
  if (in.raw(kSnapshotMagic.size()) != kSnapshotMagic) return broken(path, "is not a snapshot");
  if (const std::uint64_t format = in.number(); format != kSnapshotFormat) {
    return foreign(path, "format", format, kSnapshotFormat);
  }
  if (const std::uint64_t form = in.number(); form != kStateForm) {
    return foreign(path, "form", form, kStateForm);
  }
  Snapshot snapshot;
  snapshot.at.position = Position(in.number());
  snapshot.at.hash = read_hash(in);
  snapshot.at.epoch = in.number();
  snapshot.at.time = from_ns(in.signed_number());
  const bool clean_end = in.u8() != 0;
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    if (auto read = read_sale(in, path, snapshot.sales); !read) {
      return std::unexpected(read.error());
    }
  }
  if (!in.finished()) return broken(path, "has bytes left over or missing");
  snapshot.sales.set_clean_end(clean_end);
  return snapshot;
}

DiskResult<void> write_temporary(Disk& disk, const std::string& path, std::string_view bytes) {
  auto file = disk.open(path, Disk::Mode::create);
  if (!file) return std::unexpected(file.error());
  if (auto done = write_all(**file, 0, bytes); !done) return done;
  return (*file)->sync();
}

Result<void> as_result(const DiskResult<void>& done) {
  if (done) return {};
  return disk_fault(done.error(), "The snapshot is tried again later; nothing is lost.");
}

}  // namespace

Result<void> write_snapshot(Disk& disk, const std::string& dir, const Snapshot& snapshot) {
  const std::string temporary = path_in(dir, kTemporaryName);
  const std::string path = path_in(dir, snapshot_name(snapshot.at.position));
  const std::string bytes = packed(snapshot);
  remove_if_there(disk, temporary);  // what an interrupted write left
  if (auto done = write_temporary(disk, temporary, bytes); !done) {
    remove_if_there(disk, temporary);  // its space may be what is missing
    return as_result(done);
  }
  const auto back = read_whole(disk, temporary);
  if (!back) return disk_fault(back.error(), "The snapshot is tried again later.");
  if (*back != bytes) return broken(temporary, "reads back differently");
  return as_result(disk.rename(temporary, path));
}

Result<Snapshot> read_snapshot(Disk& disk, const std::string& path) {
  const auto bytes = read_whole(disk, path);
  if (!bytes) return disk_fault(bytes.error(), "The journal itself is used instead.");
  return unpacked(*bytes, path);
}

DiskResult<SnapshotSurvey> survey_snapshots(Disk& disk, const std::string& dir) {
  const auto files = list_snapshots(disk, dir);
  if (!files) return std::unexpected(files.error());
  SnapshotSurvey survey;
  for (const NumberedFile& file : *files) {
    auto read = read_snapshot(disk, path_in(dir, file.name));
    const auto still = read ? files : list_snapshots(disk, dir);
    if (!read && still && std::ranges::find(*still, file) == still->end()) continue;
    ++survey.files;
    if (!read) {
      survey.broken.push_back(read.error());
      continue;
    }
    survey.good.push_back(read->at);
    survey.newest = std::move(*read);
  }
  return survey;
}

DiskResult<void> prune_snapshots(Disk& disk, const std::string& dir, std::size_t keep) {
  auto snapshots = list_snapshots(disk, dir);
  if (!snapshots) return std::unexpected(snapshots.error());
  for (std::size_t i = 0; i + keep < snapshots->size(); ++i) {
    if (auto done = disk.remove(path_in(dir, (*snapshots)[i].name)); !done) return done;
  }
  return {};
}

}  // namespace dibs::engine

#include <set>

#include "engine/disk.h"
#include "engine/entry.h"
#include "engine/inspect.h"
#include "engine/recovery.h"
#include "engine/snapshot.h"

namespace dibs::engine {
namespace {

void count(const Record& record, JournalReport& report, std::set<std::string, std::less<>>& sales) {
  ++report.records;
  report.last = record.head.position;
  report.epoch = record.head.epoch;
  EntryReader reader(record.payload);
  while (const auto entry = reader.next()) {
    if (std::holds_alternative<EventEntry>(entry->body)) ++report.events;
    if (std::holds_alternative<RefusedEntry>(entry->body)) ++report.refused;
    report.clean_end = std::holds_alternative<CleanEndEntry>(entry->body);
    if (!entry->sale.empty() && !sales.contains(entry->sale)) sales.emplace(entry->sale);
  }
}

void check_snapshots(Disk& disk, const std::string& dir, JournalReport& report) {
  const auto snapshots = list_snapshots(disk, dir);
  if (!snapshots) return;
  for (const NumberedFile& file : *snapshots) {
    ++report.snapshots;
    if (auto read = read_snapshot(disk, path_in(dir, file.name)); !read) {
      report.remarks.push_back(read.error().what + "; a start uses the journal instead");
    }
  }
}

}  // namespace

JournalReport verify(const std::string& dir) { return verify(dir, posix_disk()); }

JournalReport verify(const std::string& dir, Disk& disk) {
  JournalReport report;
  std::set<std::string, std::less<>> sales;
  RecoverOptions options{.beside_server = true, .must_exist = true, .use_snapshots = false};
  options.visit = [&](const Record& record) {
    count(record, report, sales);
    return true;
  };
  const auto recovered = recover(disk, dir, options);
  report.sales = sales.size();
  if (!recovered) {
    report.fault = recovered.error();
    return report;
  }
  report.bytes = recovered->bytes;
  report.segments = recovered->segments.size();
  report.remarks = recovered->warnings;
  check_snapshots(disk, dir, report);
  return report;
}

}  // namespace dibs::engine

#include <set>
#include <string>
#include <vector>

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

/// Holds the snapshots against the records they stand for.
class SnapshotCheck {
 public:
  SnapshotCheck(Disk& disk, const std::string& dir, JournalReport& report) : report_(report) {
    const auto survey = survey_snapshots(disk, dir);
    if (!survey) return;  // the reading of the journal will say why
    good_ = survey->good;
    report.snapshots = survey->files;
    for (const Fault& fault : survey->broken) remark(fault.what);
  }

  /// Every record, in order.
  void meet(const ChainPoint& record) {
    for (; met_ < good_.size() && good_[met_].position <= record.position; ++met_) {
      if (good_[met_] == record) continue;
      remark("the snapshot of position " + std::to_string(record.position.value()) +
             " is not of this journal");
    }
  }

  [[nodiscard]] Position known() const {
    return good_.empty() ? Position() : good_.back().position;
  }

 private:
  void remark(const std::string& what) {
    report_.remarks.push_back(what + "; a start uses the journal instead");
  }

  JournalReport& report_;
  std::vector<ChainPoint> good_;
  std::size_t met_ = 0;
};

}  // namespace

JournalReport verify(const std::string& dir) { return verify(dir, posix_disk()); }

JournalReport verify(const std::string& dir, Disk& disk) {
  JournalReport report;
  std::set<std::string, std::less<>> sales;
  SnapshotCheck snapshots(disk, dir, report);
  RecoverOptions options{.beside_server = true,
                         .must_exist = true,
                         .use_snapshots = false,
                         .known = snapshots.known()};
  options.visit = [&](const Record& record) {
    count(record, report, sales);
    snapshots.meet(record.point());
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
  report.remarks.insert(report.remarks.end(), recovered->warnings.begin(),
                        recovered->warnings.end());
  return report;
}

}  // namespace dibs::engine

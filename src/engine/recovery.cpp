#include "engine/recovery.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "engine/layout.h"
#include "engine/snapshot.h"

namespace dibs::engine {
namespace {

// Beside a server: how often and how long a record is given to be finished. A commit takes a
// fraction of a millisecond; a loaded disk, some tens.
constexpr int kLooks = 20;
constexpr auto kLookPause = std::chrono::milliseconds(10);

std::unexpected<Fault> refused(FaultKind kind, const std::string& dir, std::string what) {
  return fault(kind, std::move(what), verify_remedy(dir));
}

std::unexpected<Fault> unreadable(const std::string& dir, const DiskError& error) {
  return refused(FaultKind::unavailable, dir, to_text(error));
}

std::unexpected<Fault> newer(const std::string& dir, const std::string& what, std::uint64_t format,
                             std::uint64_t known) {
  return fault(FaultKind::bad_input,
               what + " is of format " + std::to_string(format) +
                   ", this program reads up to format " + std::to_string(known),
               "Nothing was changed: start the newer program again. If there never was one, these "
               "bytes are damaged. " +
                   verify_remedy(dir));
}

std::unexpected<Fault> no_journal(const std::string& dir) {
  std::error_code ignored;
  if (std::filesystem::exists(dir + "/redis.seen", ignored)) {
    return fault(FaultKind::not_found,
                 "directory " + dir + " is of a gateway on Redis and has no journal",
                 "Its sales live in Redis: ask a running gateway over HTTP. This command reads "
                 "directories of the embedded engine only.");
  }
  return fault(FaultKind::not_found, "there is no journal in directory " + dir,
               "Give --data the directory that a server sells from (not a gateway of --store: its "
               "sales are elsewhere).");
}

std::string place_words(const std::vector<NumberedFile>& segments, const JournalPlace& place) {
  return "file " + segments[place.segment].name + ", offset " + std::to_string(place.offset);
}

Result<std::optional<Mark>> read_mark(Disk& disk, const std::string& dir, bool journal_empty,
                                      std::vector<std::string>& warnings) {
  const auto bytes = read_whole(disk, mark_path(dir));
  if (!bytes && bytes.error().number != ENOENT) return unreadable(dir, bytes.error());
  const MarkFile::Found found = MarkFile::parse(bytes ? *bytes : std::string());
  if (found.newer_format) return newer(dir, "file journal.mark", *found.newer_format, kMarkFormat);
  // A new directory: nothing yet, or a first start that died between mark and journal.
  if (!found.mark && journal_empty) return std::nullopt;
  if (!found.mark) {
    return refused(FaultKind::corrupt, dir,
                   "file journal.mark is " + std::string(bytes ? "damaged" : "missing") +
                       ", so nobody can say whether the journal is whole");
  }
  if (found.broken_slots > 0) {
    warnings.emplace_back("one of the two slots of journal.mark is damaged; the other is used");
  }
  return found.mark;
}

/// There is no segment: was there ever one?
Result<void> check_nothing_is_gone(Disk& disk, const std::string& dir, const Recovered& found) {
  if (found.mark && found.mark->position.value() > 0) {
    return refused(FaultKind::corrupt, dir, "the journal's files are gone");
  }
  const auto snapshots = list_snapshots(disk, dir);
  if (!snapshots) return unreadable(dir, snapshots.error());
  if (snapshots->empty()) return {};
  return refused(
      FaultKind::corrupt, dir,
      "the journal's files are gone; " + snapshots->back().name + " says that there were some");
}

/// The newest good snapshot; broken ones are warned of and passed over.
std::optional<Snapshot> newest_snapshot(Disk& disk, const std::string& dir,
                                        std::vector<NumberedFile>& candidates,
                                        std::vector<std::string>& warnings) {
  while (!candidates.empty()) {
    const std::string name = candidates.back().name;
    candidates.pop_back();
    auto snapshot = read_snapshot(disk, path_in(dir, name));
    if (snapshot) return std::move(*snapshot);
    warnings.push_back(snapshot.error().what + "; the journal is read from further back");
  }
  return std::nullopt;
}

class Walk {
 public:
  Walk(Disk& disk, const std::string& dir, const RecoverOptions& options, Recovered& found,
       const JournalStart& from)
      : options_(options),
        dir_(dir),
        found_(found),
        reader_(disk, dir, found.segments, from),
        from_(from) {}

  /// Reads the chain to its end and holds it against mark and snapshot.
  Result<void> run(std::optional<Snapshot> snapshot);

  /// The snapshot is not of this journal: begin again without it.
  [[nodiscard]] bool snapshot_misfits() const { return snapshot_misfits_; }

 private:
  Result<bool> take(const Record& record);
  Result<std::optional<Record>> next();
  Result<void> judge_end();

  const RecoverOptions& options_;
  const std::string& dir_;
  Recovered& found_;
  ChainReader reader_;
  JournalStart from_;
  ChainPoint snapshot_at_;
  bool snapshot_misfits_ = false;
  bool stopped_ = false;
  /// Nothing good lay behind the end. A second look might meet a record that has come since.
  bool seen_whole_ = false;
};

Result<void> Walk::run(std::optional<Snapshot> snapshot) {
  if (snapshot) {
    snapshot_at_ = snapshot->at;
    found_.sales = std::move(snapshot->sales);
    found_.snapshot = snapshot_at_.position;
    if (snapshot_at_ == from_.before) found_.after_snapshot = from_;
  }
  bool marked = found_.mark && found_.mark->position <= from_.before.position;
  while (true) {
    auto record = next();
    if (!record) return std::unexpected(record.error());
    if (!*record) break;
    if (marked && !found_.unmarked) found_.unmarked = (*record)->place;
    if (found_.mark && (*record)->head.position == found_.mark->position) marked = true;
    const auto go_on = take(**record);
    if (!go_on) return std::unexpected(go_on.error());
    if (!*go_on) break;
  }
  found_.last = reader_.last();
  found_.next = reader_.next_start();
  found_.bytes = reader_.bytes();
  found_.segments = reader_.segments();
  if (stopped_ || snapshot_misfits_) return {};
  return judge_end();
}

Result<std::optional<Record>> Walk::next() {
  for (int look = 0;; ++look) {
    auto record = reader_.next();
    if (!record) return unreadable(dir_, record.error());
    if (*record || !options_.beside_server || look == kLooks) return *record;
    // Clean ends are believed at once, unless something good lies behind.
    if (reader_.end().why == ChainEnd::Why::clean) {
      const auto later = reader_.later_record();
      if (!later) return unreadable(dir_, later.error());
      seen_whole_ = !*later;
      if (seen_whole_) return std::nullopt;
    }
    std::this_thread::sleep_for(kLookPause);
    reader_.look_again();
  }
}

Result<bool> Walk::take(const Record& record) {
  const Position position = record.head.position;
  if (found_.mark && position == found_.mark->position && record.head.own != found_.mark->hash) {
    return refused(FaultKind::corrupt, dir_,
                   place_words(reader_.segments(), record.place) + ": record " +
                       std::to_string(position.value()) +
                       " is not the one that journal.mark says was written");
  }
  if (position == snapshot_at_.position && record.head.own != snapshot_at_.hash) {
    snapshot_misfits_ = true;
    return false;
  }
  if (position == snapshot_at_.position) {
    found_.bytes_in_snapshot = reader_.bytes();
    found_.after_snapshot = reader_.next_start();
  }
  if (options_.fold && position > snapshot_at_.position) {
    if (auto folded = found_.sales.fold(record.payload); !folded) {
      return refused(FaultKind::corrupt, dir_,
                     place_words(reader_.segments(), record.place) + ", position " +
                         std::to_string(position.value()) + ": " + folded.error().what);
    }
  }
  if (options_.visit && !options_.visit(record)) stopped_ = true;
  return !stopped_;
}

Result<void> Walk::judge_end() {
  const ChainEnd& end = reader_.end();
  found_.end = end.place;
  if (!found_.unmarked) found_.unmarked = end.place;
  const std::string here = place_words(reader_.segments(), end.place);
  const std::string expected = std::to_string(found_.last.position.next().value());
  if (end.why == ChainEnd::Why::newer_format) {
    return newer(dir_, here + ": the journal", end.format, kJournalFormat);
  }
  DiskResult<std::optional<ChainReader::Later>> later;
  if (!seen_whole_) later = reader_.later_record();
  if (!later) return unreadable(dir_, later.error());
  const std::string wrong = end.why == ChainEnd::Why::damaged ? end.words : "nothing";
  if (*later) {
    return refused(FaultKind::corrupt, dir_,
                   here + ": " + wrong + " where record " + expected + " should be, but record " +
                       std::to_string((*later)->position.value()) + " is good (" +
                       place_words(reader_.segments(), (*later)->place) +
                       "): records in between are damaged");
  }
  const Position known = std::max(
      {found_.mark ? found_.mark->position : Position(), snapshot_at_.position, options_.known});
  if (found_.last.position < known) {
    return refused(FaultKind::corrupt, dir_,
                   here + ": " + wrong + " where record " + expected +
                       " should be, but records up to " + std::to_string(known.value()) +
                       " were durable: the end of the journal is lost");
  }
  found_.torn = end.why == ChainEnd::Why::damaged;
  if (found_.torn) {
    found_.warnings.push_back(here + ": " + end.words + " where record " + expected +
                              " would be: an incomplete last commit, which nobody was answered");
  }
  return {};
}

/// Where to begin; leaves out the segments before it.
JournalStart begin(const RecoverOptions& options, const std::optional<Snapshot>& snapshot,
                   std::vector<NumberedFile>& segments) {
  if (!options.from) return {};
  // Folding from a place is right only upon the state at that place.
  if (options.fold && !(snapshot && snapshot->at == options.from->before)) return {};
  const auto first = std::ranges::find(segments, options.from->segment, &NumberedFile::position);
  if (first == segments.end()) return {};
  segments.erase(segments.begin(), first);
  return *options.from;
}

}  // namespace

Instant Recovered::last_alive() const {
  return std::max(last.time, mark ? mark->alive_at : last.time);
}

Result<Recovered> recover(Disk& disk, const std::string& dir, const RecoverOptions& options) {
  std::vector<std::string> warnings;
  std::vector<NumberedFile> snapshots;
  if (options.use_snapshots && options.fold) {
    auto listed = list_snapshots(disk, dir);
    if (!listed) return unreadable(dir, listed.error());
    snapshots = std::move(*listed);
  }
  while (true) {
    Recovered found;
    auto segments = list_segments(disk, dir);
    if (!segments && options.must_exist && segments.error().number == ENOENT) {
      return no_journal(dir);
    }
    if (!segments) return unreadable(dir, segments.error());
    if (options.use_mark) {
      auto mark = read_mark(disk, dir, segments->empty(), found.warnings);
      if (!mark) return std::unexpected(mark.error());
      found.mark = *mark;
    }
    // Beside a server: listed after the mark was read, the journal reaches at least as far.
    segments = list_segments(disk, dir);
    if (!segments) return unreadable(dir, segments.error());
    found.segments = std::move(*segments);
    found.warnings.insert(found.warnings.end(), warnings.begin(), warnings.end());
    if (found.segments.empty()) {
      if (auto fine = check_nothing_is_gone(disk, dir, found); !fine) {
        return std::unexpected(fine.error());
      }
      if (options.must_exist) return no_journal(dir);
      return found;
    }
    if (found.segments.front().position != Position(1)) {
      return refused(FaultKind::corrupt, dir,
                     "the journal begins with file " + found.segments.front().name +
                         "; what came before is missing");
    }
    auto snapshot = newest_snapshot(disk, dir, snapshots, found.warnings);
    Walk walk(disk, dir, options, found, begin(options, snapshot, found.segments));
    auto walked = walk.run(std::move(snapshot));
    if (!walked) return std::unexpected(walked.error());
    if (!walk.snapshot_misfits()) return found;
    warnings.push_back("a snapshot is not of this journal; an older one is used");
  }
}

Result<void> check_there_is_a_journal(Disk& disk, const std::string& dir) {
  const auto segments = list_segments(disk, dir);
  if (!segments && segments.error().number != ENOENT) return unreadable(dir, segments.error());
  if (!segments || segments->empty()) return no_journal(dir);
  return {};
}

}  // namespace dibs::engine

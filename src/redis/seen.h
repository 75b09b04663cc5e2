#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace dibs::redis {

/// How far a gateway has seen a sale. Redis has acknowledged every event up to `seq`.
struct Seen {
  std::string epoch;
  Seq seq;
};

/// A gateway's memory of how far it has seen each sale, in one file of its data directory: what
/// tells it that a Redis came back older. Written before an answer leaves, so it survives the death
/// of this process at any moment; synced to the disk once a second, so that after a power loss of
/// this machine (not of Redis') the last second may be missing, and with it the notice of a loss
/// in that second. One thread.
class SeenFile {
 public:
  /// Reads the file, creating it if missing. `corrupt` when a line is none.
  [[nodiscard]] static Result<std::unique_ptr<SeenFile>> open(const std::string& directory);
  SeenFile(const SeenFile&) = delete;
  SeenFile& operator=(const SeenFile&) = delete;
  ~SeenFile();

  [[nodiscard]] std::optional<Seen> find(const SaleId& sale) const;
  /// Notes it. What was noted of the sale before is overwritten in place. On failure it is known
  /// here, and not in the file until settle() succeeds.
  [[nodiscard]] Result<void> note(const SaleId& sale, const Seen& seen);
  /// Writes again what could not be written. Ok when nothing is left: until then nothing must be
  /// sold, since a loss of it would not be noticed.
  [[nodiscard]] Result<void> settle();
  /// Once a second: syncs what was noted.
  void sync();
  [[nodiscard]] const std::map<SaleId, std::pair<Seen, long>>& all() const { return places_; }

 private:
  SeenFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Result<void> read();
  Result<void> write(const SaleId& sale, const Seen& seen, long line);

  int fd_;
  std::string path_;
  bool unsynced_ = false;
  long lines_ = 0;
  std::map<SaleId, std::pair<Seen, long>> places_;  ///< with the number of its line
  std::set<SaleId> unwritten_;
};

}  // namespace dibs::redis

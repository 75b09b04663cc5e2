#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "events/kafka_consumer.h"
#include "ledger/applier.h"

namespace dibs::ledger {

/// Keeps a ledger from Kafka's topic: any number of them at once, each reading every partition.
///
/// **Where it is** stands in the ledger: the offset of each partition is written in the transaction
/// that applies what lies before it. Kafka's own notion of groups and offsets is not used.
/// **Halts.** A record that is not an event, and one that stops its sale, ends the reading of that
/// partition, named with its offset; the others go on. Nothing is passed over: the next process
/// begins at that record again.
/// **Gaps.** An event that is missing before a record may come later, from a second relay; when the
/// partition's end is reached without it, it is read again, once from where the ledger is and once
/// from its first record, and then halts.
/// **Patience.** Brokers or a database that are away are tried again for ever.
/// Not thread-safe, but for `stop`.
class TopicFollower {
 public:
  struct Options {
    events::KafkaSettings kafka;
    Address address;
    /// End where every partition is at its end, or halted.
    bool once = false;
    std::function<void(const std::string&)> on_warning = [](const std::string&) {};
  };

  /// What became of it.
  struct Sum {
    std::uint64_t applied = 0;
    std::uint64_t duplicates = 0;
    std::map<std::int32_t, std::string> halted;  ///< partition -> why, in words
  };

  explicit TopicFollower(Options options);
  TopicFollower(const TopicFollower&) = delete;
  TopicFollower& operator=(const TopicFollower&) = delete;
  ~TopicFollower();

  /// Follows until `stop`, or with `once` until the end. Fails only where nothing can ever come of
  /// it: settings, or a ledger of a later program.
  [[nodiscard]] Result<Sum> run(const std::atomic<bool>& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::ledger

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "events/kafka_settings.h"

namespace dibs::events {

/// One record of the topic as it lies there: what it means, its reader judges.
struct KafkaRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
};

/// Reads partitions of the topic from offsets that the caller keeps. Belongs to no group, commits
/// nothing, and is moved nowhere by anybody: of two consumers of a partition each gets everything.
/// While brokers are away nothing comes, and it goes on by itself when they are back. One thread at
/// a time.
class KafkaConsumer {
 public:
  /// Where a reader begins that knows no offset yet: the first record that is kept.
  static constexpr std::int64_t kFirst = -2;

  /// The records that there are: `first` is the oldest kept, `next` the one that will come next.
  struct Bounds {
    std::int64_t first = 0;
    std::int64_t next = 0;
  };

  /// Connects to nothing yet. `bad_input` when the settings are wrong.
  [[nodiscard]] static Result<std::unique_ptr<KafkaConsumer>> open(const KafkaSettings& settings);
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;
  ~KafkaConsumer();

  /// How many partitions the topic has, numbered from 0.
  [[nodiscard]] Result<std::int32_t> partitions(Duration patience);
  [[nodiscard]] Result<Bounds> bounds(std::int32_t partition, Duration patience);

  /// From now on next() gives the records of `partition` from `offset` (or kFirst) on, also when
  /// others of it have been given already.
  [[nodiscard]] Result<void> read_from(std::int32_t partition, std::int64_t offset);
  /// next() gives no more of `partition`.
  void leave(std::int32_t partition);

  /// Up to `limit` records, each partition's in its order: those that are here, or else the first
  /// that come within `patience`. Empty: none came. `not_found` when the topic no longer holds the
  /// offset that a partition was to be read from; `unavailable` for what else ends the reading of a
  /// partition (its text says which): after either, read_from() begins it again.
  [[nodiscard]] Result<std::vector<KafkaRecord>> next(std::size_t limit, Duration patience);

  /// What keeps records from coming and may pass by itself, as last told; empty: nothing.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Impl;
  explicit KafkaConsumer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::events

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace dibs::events {

/// Where events are on Kafka, and how to get there.
struct KafkaSettings {
  std::string brokers;  ///< HOST:PORT, commas between several
  std::string topic = "dibs.events";
  /// Settings of librdkafka by name (TLS, SASL), stronger than those that Dibs chooses.
  std::vector<std::pair<std::string, std::string>> more;
};

/// What the topic is like.
struct KafkaTopic {
  std::int32_t partitions = 0;
  std::int32_t replicas = 0;  ///< of the partition that has the fewest
  bool created = false;       ///< by this call
};

/// Makes the topic when there is none: kept for ever (retention without limit, deletion only by
/// hand), kPartitions partitions, as many replicas as the brokers' default says. One that is there
/// is left as it is. Waits for an answer of the brokers for up to `patience`.
[[nodiscard]] Result<KafkaTopic> ensure_topic(const KafkaSettings& settings, Duration patience);

/// The topic, if it is there: `not_found` otherwise, `unavailable` when no broker answers.
[[nodiscard]] Result<KafkaTopic> look_at_topic(const KafkaSettings& settings, Duration patience);

/// Of a topic that Dibs makes. A sale is in one of them, so this is how many consumers can share
/// the sales; it cannot be changed later without moving sales.
inline constexpr std::int32_t kPartitions = 8;

}  // namespace dibs::events

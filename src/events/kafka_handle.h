#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "events/kafka_settings.h"

/// librdkafka's C objects, owned. Only the files kafka_*.cpp include this.
namespace dibs::events {

template <auto Destroy>
struct KafkaDelete {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};

using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaDelete<rd_kafka_destroy>>;
using KafkaTopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaDelete<rd_kafka_topic_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, KafkaDelete<rd_kafka_queue_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, KafkaDelete<rd_kafka_error_destroy>>;
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaDelete<rd_kafka_message_destroy>>;

/// The last thing that librdkafka said is wrong and goes on trying to get over. Thread-safe.
class KafkaTrouble {
 public:
  void note(std::string what);
  void clear() { note({}); }
  [[nodiscard]] std::string last() const;

 private:
  mutable std::mutex mutex_;
  std::string last_;  ///< guarded by mutex_
};

/// The settings of one client, on their way to it.
class KafkaConfig {
 public:
  /// Errors of the client are noted in `trouble`, which outlives it; its log goes nowhere.
  explicit KafkaConfig(KafkaTrouble& trouble);

  KafkaConfig& set(const std::string& name, const std::string& value);
  rd_kafka_conf_t* get() { return config_.get(); }
  /// Makes the client, with the brokers and the operator's own settings last. Connects to nothing
  /// yet. `bad_input` names the setting that is wrong.
  [[nodiscard]] Result<KafkaHandle> make(rd_kafka_type_t type, const KafkaSettings& settings);

 private:
  std::unique_ptr<rd_kafka_conf_t, KafkaDelete<rd_kafka_conf_destroy>> config_;
  std::string wrong_;  ///< what the first wrong setting was told
};

[[nodiscard]] int to_ms(Duration duration);

/// `what` with librdkafka's word for `error`.
[[nodiscard]] std::unexpected<Fault> kafka_fault(const std::string& what, const std::string& error);
[[nodiscard]] std::unexpected<Fault> kafka_fault(const std::string& what,
                                                 rd_kafka_resp_err_t error);

/// The topic as the brokers know it.
[[nodiscard]] Result<KafkaTopic> topic_facts(rd_kafka_t& client, const std::string& topic,
                                             Duration patience);

}  // namespace dibs::events

#include "events/kafka_handle.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace dibs::events {
namespace {

constexpr std::size_t kErrorBytes = 512;

struct MetadataDelete {
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};

void on_error(rd_kafka_t* client, int error, const char* reason, void* trouble) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  auto& noted = *static_cast<KafkaTrouble*>(trouble);
  // What brought each broker down was told before, and says more.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !noted.last().empty()) return;
  std::string what = reason;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, kErrorBytes> words{};
    rd_kafka_fatal_error(client, words.data(), words.size());
    what = words.data();
  }
  noted.note(std::string(rd_kafka_err2str(code)) + " (" + what + ")");
}

}  // namespace

void KafkaTrouble::note(std::string what) {
  const std::lock_guard lock(mutex_);
  last_ = std::move(what);
}

std::string KafkaTrouble::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

KafkaConfig::KafkaConfig(KafkaTrouble& trouble) : config_(rd_kafka_conf_new()) {
  rd_kafka_conf_set_opaque(config_.get(), &trouble);
  rd_kafka_conf_set_error_cb(config_.get(), on_error);
  rd_kafka_conf_set_log_cb(config_.get(), nullptr);
}

KafkaConfig& KafkaConfig::set(const std::string& name, const std::string& value) {
  std::array<char, kErrorBytes> words{};
  if (rd_kafka_conf_set(config_.get(), name.c_str(), value.c_str(), words.data(), words.size()) !=
          RD_KAFKA_CONF_OK &&
      wrong_.empty()) {
    wrong_ = words.data();
  }
  return *this;
}

Result<KafkaHandle> KafkaConfig::make(rd_kafka_type_t type, const KafkaSettings& settings) {
  set("client.id", "dibs").set("bootstrap.servers", settings.brokers);
  // Of its own accord the client waits up to 10 s before it tries a broker again.
  set("reconnect.backoff.max.ms", "1000");
  for (const auto& [name, value] : settings.more) set(name, value);
  std::array<char, kErrorBytes> words{};
  if (wrong_.empty()) {
    rd_kafka_conf_t* const config = config_.release();  // the client's, if there will be one
    KafkaHandle client(rd_kafka_new(type, config, words.data(), words.size()));
    if (client) return client;
    config_.reset(config);
    wrong_ = words.data();
  }
  return fault(FaultKind::bad_input, "Kafka's client refuses its settings: " + wrong_ + ".",
               "Mend the brokers' addresses or the setting that is named.");
}

int to_ms(Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, std::numeric_limits<int>::max()));
}

std::unexpected<Fault> kafka_fault(const std::string& what, const std::string& error) {
  return fault(FaultKind::unavailable, what + ": " + error + ".",
               "Check that the brokers run, that this machine reaches them, and that they let it "
               "use the topic.");
}

std::unexpected<Fault> kafka_fault(const std::string& what, rd_kafka_resp_err_t error) {
  return kafka_fault(what, std::string(rd_kafka_err2str(error)));
}

Result<KafkaTopic> topic_facts(rd_kafka_t& client, const std::string& topic, Duration patience) {
  const KafkaTopicHandle handle(rd_kafka_topic_new(&client, topic.c_str(), nullptr));
  if (!handle) {
    return kafka_fault("Kafka's topic " + topic + " cannot be used", rd_kafka_last_error());
  }
  const rd_kafka_metadata_t* answer = nullptr;
  if (const auto error = rd_kafka_metadata(&client, 0, handle.get(), &answer, to_ms(patience));
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_fault("Kafka does not answer", error);
  }
  const std::unique_ptr<const rd_kafka_metadata_t, MetadataDelete> owned(answer);
  if (answer->topic_cnt != 1 || answer->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fault(FaultKind::not_found, "Kafka has no topic " + topic + ".",
                 "dibs serve --kafka makes it.");
  }
  const rd_kafka_metadata_topic& found = answer->topics[0];
  KafkaTopic facts{.partitions = found.partition_cnt, .replicas = 0, .created = false};
  for (int i = 0; i < found.partition_cnt; ++i) {
    const int replicas = found.partitions[i].replica_cnt;
    if (i == 0 || replicas < facts.replicas) facts.replicas = replicas;
  }
  return facts;
}

}  // namespace dibs::events

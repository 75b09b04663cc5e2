#include <array>

#include "events/kafka_handle.h"
#include "events/kafka_settings.h"

namespace dibs::events {
namespace {

constexpr std::size_t kTopicErrorBytes = 512;

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, KafkaDelete<rd_kafka_NewTopic_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, KafkaDelete<rd_kafka_AdminOptions_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, KafkaDelete<rd_kafka_event_destroy>>;

/// A consumer, since asking about a topic as a producer lets brokers make it as they like.
Result<KafkaHandle> open_client(const KafkaSettings& settings, KafkaTrouble& trouble) {
  KafkaConfig config(trouble);
  config.set("allow.auto.create.topics", "false");
  return config.make(RD_KAFKA_CONSUMER, settings);
}

/// The trouble behind a time-out says more than that time was out.
std::unexpected<Fault> with_trouble(Fault fault, const KafkaTrouble& trouble) {
  if (const std::string why = trouble.last(); !why.empty()) fault.what += " Last: " + why + ".";
  return std::unexpected(std::move(fault));
}

Result<void> create(rd_kafka_t& client, const std::string& topic, Duration patience) {
  std::array<char, kTopicErrorBytes> words{};
  constexpr int kAsBrokersSay = -1;
  const NewTopic fresh(
      rd_kafka_NewTopic_new(topic.c_str(), kPartitions, kAsBrokersSay, words.data(), words.size()));
  if (!fresh) return kafka_fault("Kafka's topic " + topic + " cannot be made", words.data());
  // The topic is what a ledger is made anew from: it keeps everything, whatever the brokers'
  // default.
  for (const auto& [name, value] : std::to_array<std::pair<const char*, const char*>>(
           {{"cleanup.policy", "delete"},
            {"retention.ms", "-1"},
            {"retention.bytes", "-1"},
            {"unclean.leader.election.enable", "false"}})) {
    rd_kafka_NewTopic_set_config(fresh.get(), name, value);
  }
  const AdminOptions options(rd_kafka_AdminOptions_new(&client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), to_ms(patience), words.data(),
                                            words.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), to_ms(patience), words.data(),
                                              words.size());
  const KafkaQueue queue(rd_kafka_queue_new(&client));
  std::array<rd_kafka_NewTopic_t*, 1> wanted = {fresh.get()};
  rd_kafka_CreateTopics(&client, wanted.data(), wanted.size(), options.get(), queue.get());
  const KafkaEvent answer(rd_kafka_queue_poll(queue.get(), to_ms(patience)));
  const std::string what = "Kafka does not make the topic " + topic;
  if (!answer) return kafka_fault(what, std::string("no answer"));
  if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_fault(what, std::string(rd_kafka_event_error_string(answer.get())));
  }
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(answer.get());
  const auto* const* made = rd_kafka_CreateTopics_result_topics(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto error = rd_kafka_topic_result_error(made[i]);
    // Two servers may start at once.
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_fault(what, error);
  }
  return {};
}

}  // namespace

Result<KafkaTopic> ensure_topic(const KafkaSettings& settings, Duration patience) {
  KafkaTrouble trouble;
  const auto client = open_client(settings, trouble);
  if (!client) return std::unexpected(client.error());
  auto facts = topic_facts(**client, settings.topic, patience);
  if (facts || facts.error().kind != FaultKind::not_found) {
    if (!facts) return with_trouble(facts.error(), trouble);
    return facts;
  }
  if (auto made = create(**client, settings.topic, patience); !made) {
    return with_trouble(made.error(), trouble);
  }
  // Brokers answer before every one of them knows.
  for (int look = 0; look < 100; ++look) {
    facts = topic_facts(**client, settings.topic, patience);
    if (facts && facts->partitions > 0) break;
    rd_kafka_poll(client->get(), 50);
  }
  if (facts) facts->created = true;
  return facts;
}

Result<KafkaTopic> look_at_topic(const KafkaSettings& settings, Duration patience) {
  KafkaTrouble trouble;
  const auto client = open_client(settings, trouble);
  if (!client) return std::unexpected(client.error());
  auto facts = topic_facts(**client, settings.topic, patience);
  if (!facts && facts.error().kind == FaultKind::unavailable) {
    rd_kafka_poll(client->get(), 0);  // what went wrong is told by now
    return with_trouble(facts.error(), trouble);
  }
  return facts;
}

}  // namespace dibs::events

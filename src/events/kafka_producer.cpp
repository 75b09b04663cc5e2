#include "events/kafka_producer.h"

#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "events/cloud_event.h"
#include "events/kafka_handle.h"

namespace dibs::events {

struct KafkaProducer::Impl {
  KafkaTrouble trouble;
  std::vector<std::uint64_t> acked;
  std::optional<Fault> broken;
  std::string topic_name;
  KafkaHandle client;
  KafkaTopicHandle topic;

  ~Impl() {
    if (!client) return;
    // What waits for a broker that is away would be waited for.
    rd_kafka_purge(client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }

  static void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque);
  void note_fatal();
};

void KafkaProducer::Impl::on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message,
                                      void* /*opaque*/) {
  // The topic's opaque is this object; the client's is its trouble.
  auto* self = static_cast<Impl*>(rd_kafka_topic_opaque(message->rkt));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    self->acked.push_back(std::bit_cast<std::uint64_t>(message->_private));
    self->trouble.clear();
    return;
  }
  if (self->broken) return;
  self->broken =
      kafka_fault("Kafka did not take an event for " + self->topic_name, message->err).error();
}

void KafkaProducer::Impl::note_fatal() {
  std::array<char, 512> words{};
  const auto error = rd_kafka_fatal_error(client.get(), words.data(), words.size());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || broken) return;
  broken = kafka_fault("Kafka's client has given up", std::string(words.data())).error();
}

KafkaProducer::KafkaProducer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaProducer::~KafkaProducer() = default;

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const KafkaSettings& settings) {
  static_assert(sizeof(void*) == sizeof(std::uint64_t), "numbers travel as pointers");
  auto impl = std::make_unique<Impl>();
  impl->topic_name = settings.topic;
  KafkaConfig config(impl->trouble);
  config.set("enable.idempotence", "true").set("acks", "all").set("message.timeout.ms", "0");
  // A record that is refused ends the producer instead of leaving a gap before those that follow.
  config.set("enable.gapless.guarantee", "true");
  config.set("compression.codec", "lz4").set("linger.ms", "5");
  // The bound that counts is the relay's; these only have to hold more.
  config.set("queue.buffering.max.messages", "100000");
  config.set("queue.buffering.max.kbytes", "131072");
  // The partitioner of Kafka's own clients, so that others find a sale's partition.
  config.set("partitioner", "murmur2_random");
  rd_kafka_conf_set_dr_msg_cb(config.get(), Impl::on_delivery);
  auto client = config.make(RD_KAFKA_PRODUCER, settings);
  if (!client) return std::unexpected(client.error());
  impl->client = std::move(*client);
  rd_kafka_topic_conf_t* topic_config = rd_kafka_default_topic_conf_dup(impl->client.get());
  rd_kafka_topic_conf_set_opaque(topic_config, impl.get());
  impl->topic.reset(rd_kafka_topic_new(impl->client.get(), settings.topic.c_str(), topic_config));
  if (!impl->topic) {
    return fault(FaultKind::bad_input,
                 "Kafka's client refuses the topic " + settings.topic + ": " +
                     rd_kafka_err2str(rd_kafka_last_error()) + ".",
                 "Give the name of a topic.");
  }
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(impl)));
}

bool KafkaProducer::send(std::string_view key, std::string_view value, std::uint64_t number) {
  if (impl_->broken) return false;
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_RKT;
  parts[0].u.rkt = impl_->topic.get();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_KEY;
  parts[2].u.mem = {const_cast<char*>(key.data()), key.size()};
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[3].u.mem = {const_cast<char*>(value.data()), value.size()};
  parts[4].vtype = RD_KAFKA_VTYPE_HEADER;
  parts[4].u.header = {"content-type", kCloudEventsJson.data(),
                       static_cast<ssize_t>(kCloudEventsJson.size())};
  parts[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[5].u.ptr = std::bit_cast<void*>(number);
  const KafkaError error(rd_kafka_produceva(impl_->client.get(), parts.data(), parts.size()));
  if (!error) return true;
  const auto code = rd_kafka_error_code(error.get());
  if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    impl_->broken =
        kafka_fault("Kafka's client did not take an event for " + impl_->topic_name, code).error();
  }
  return false;
}

Result<std::vector<std::uint64_t>> KafkaProducer::acked(Duration patience) {
  rd_kafka_poll(impl_->client.get(), 0);
  if (impl_->acked.empty() && !impl_->broken) {
    rd_kafka_poll(impl_->client.get(), to_ms(patience));
  }
  impl_->note_fatal();
  // What was acknowledged before the end is told first.
  if (impl_->broken && impl_->acked.empty()) {
    Fault fault = *impl_->broken;
    if (const std::string why = trouble(); !why.empty()) fault.what += " Last: " + why + ".";
    return std::unexpected(std::move(fault));
  }
  return std::exchange(impl_->acked, {});
}

std::string KafkaProducer::trouble() const { return impl_->trouble.last(); }

}  // namespace dibs::events

// librdkafka's simple consumer: partitions and offsets are said, not negotiated. Its group consumer
// would want a group even for that, and look for the group's coordinator.
#include "events/kafka_consumer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/assert.h"
#include "events/kafka_handle.h"

namespace dibs::events {
namespace {

/// Records fetched ahead, all partitions together: some tenths of a second of a ledger's work.
constexpr const char* kAheadKilobytes = "16384";

/// Longer than this nothing is asked for at once, so that the array of pointers stays small.
constexpr std::size_t kMessagesPerCall = 1'024;

using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      KafkaDelete<rd_kafka_topic_partition_list_destroy>>;

KafkaRecord to_record(const rd_kafka_message_t& message) {
  const auto text = [](const void* bytes, std::size_t size) {
    return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
  };
  return {.partition = message.partition,
          .offset = message.offset,
          .key = text(message.key, message.key_len),
          .value = text(message.payload, message.len)};
}

}  // namespace

struct KafkaConsumer::Impl {
  KafkaTrouble trouble;
  std::string topic_name;
  KafkaHandle client;
  KafkaTopicHandle topic;
  KafkaQueue queue;
  std::set<std::int32_t> reading;
  std::optional<Fault> broken;  ///< told by the next call, since records came before it

  ~Impl() {
    for (const std::int32_t partition : reading) rd_kafka_consume_stop(topic.get(), partition);
  }

  /// The offset at `time`, which may be one of Kafka's words for an end.
  Result<std::int64_t> offset_at(std::int32_t partition, std::int64_t time, Duration patience) {
    const PartitionList asked(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t* const one =
        rd_kafka_topic_partition_list_add(asked.get(), topic_name.c_str(), partition);
    one->offset = time;
    auto error = rd_kafka_offsets_for_times(client.get(), asked.get(), to_ms(patience));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = one->err;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return one->offset;
    return kafka_fault("Kafka does not say what partition " + std::to_string(partition) + " of " +
                           topic_name + " holds",
                       error);
  }

  void take(const rd_kafka_message_t& message, std::vector<KafkaRecord>& out) {
    if (!reading.contains(message.partition)) return;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.push_back(to_record(message));
      return;
    }
    if (broken) return;
    const std::string what = "Partition " + std::to_string(message.partition) +
                             " of Kafka's topic " + topic_name + " cannot be read";
    if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      broken = Fault{FaultKind::not_found, what + " where reading is to go on.",
                     "The topic was cut or made anew. What it holds now can be read from its "
                     "first record."};
      return;
    }
    broken = kafka_fault(what, message.err).error();
  }
};

KafkaConsumer::KafkaConsumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaConsumer::~KafkaConsumer() = default;

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(const KafkaSettings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->topic_name = settings.topic;
  KafkaConfig config(impl->trouble);
  config.set("enable.auto.commit", "false").set("queued.max.messages.kbytes", kAheadKilobytes);
  // An offset that is gone must be told: going on anywhere else would be a gap.
  config.set("auto.offset.reset", "error").set("check.crcs", "true");
  config.set("allow.auto.create.topics", "false");
  auto client = config.make(RD_KAFKA_CONSUMER, settings);
  if (!client) return std::unexpected(client.error());
  impl->client = std::move(*client);
  impl->topic.reset(rd_kafka_topic_new(impl->client.get(), settings.topic.c_str(), nullptr));
  if (!impl->topic) {
    return fault(FaultKind::bad_input,
                 "Kafka's client refuses the topic " + settings.topic + ": " +
                     rd_kafka_err2str(rd_kafka_last_error()) + ".",
                 "Give the name of a topic.");
  }
  impl->queue.reset(rd_kafka_queue_new(impl->client.get()));
  return std::unique_ptr<KafkaConsumer>(new KafkaConsumer(std::move(impl)));
}

Result<std::int32_t> KafkaConsumer::partitions(Duration patience) {
  const auto facts = topic_facts(*impl_->client, impl_->topic_name, patience);
  if (!facts) return std::unexpected(facts.error());
  return facts->partitions;
}

Result<KafkaConsumer::Bounds> KafkaConsumer::bounds(std::int32_t partition, Duration patience) {
  // As a time, kFirst asks for the first record's offset. Why not with the call that is there for
  // this: librdkafka 2.0.2's rd_kafka_query_watermark_offsets() waits for ever, whatever it is
  // told, for an answer that is lost when a partition's leader changes.
  const auto first = impl_->offset_at(partition, kFirst, patience);
  if (!first) return std::unexpected(first.error());
  const auto next = impl_->offset_at(partition, RD_KAFKA_OFFSET_END, patience);
  if (!next) return std::unexpected(next.error());
  return Bounds{.first = *first, .next = *next};
}

Result<void> KafkaConsumer::read_from(std::int32_t partition, std::int64_t offset) {
  DIBS_ASSERT(offset >= 0 || offset == kFirst);
  static_assert(kFirst == RD_KAFKA_OFFSET_BEGINNING);
  leave(partition);
  if (rd_kafka_consume_start_queue(impl_->topic.get(), partition, offset, impl_->queue.get()) !=
      0) {
    return kafka_fault("Kafka's client does not begin to read", rd_kafka_last_error());
  }
  impl_->reading.insert(partition);
  return {};
}

void KafkaConsumer::leave(std::int32_t partition) {
  if (impl_->reading.erase(partition) == 0) return;
  rd_kafka_consume_stop(impl_->topic.get(), partition);
}

Result<std::vector<KafkaRecord>> KafkaConsumer::next(std::size_t limit, Duration patience) {
  std::vector<KafkaRecord> out;
  rd_kafka_poll(impl_->client.get(), 0);  // lets errors be told
  if (impl_->broken) {
    const Fault fault = *std::exchange(impl_->broken, std::nullopt);
    return std::unexpected(fault);
  }
  // One is waited for; those that are here already come with it. Asking for all with patience would
  // wait for all.
  const KafkaMessage first(rd_kafka_consume_queue(impl_->queue.get(), to_ms(patience)));
  if (!first) return out;
  impl_->take(*first, out);
  std::array<rd_kafka_message_t*, kMessagesPerCall> messages{};
  while (out.size() < limit && !impl_->broken) {
    const auto wanted = std::min(limit - out.size(), messages.size());
    const auto got = rd_kafka_consume_batch_queue(impl_->queue.get(), 0, messages.data(), wanted);
    for (ssize_t i = 0; i < got; ++i) {
      const KafkaMessage message(messages.at(static_cast<std::size_t>(i)));
      impl_->take(*message, out);
    }
    if (got < static_cast<ssize_t>(wanted)) break;
  }
  if (!out.empty()) impl_->trouble.clear();
  if (out.empty() && impl_->broken) {
    const Fault fault = *std::exchange(impl_->broken, std::nullopt);
    return std::unexpected(fault);
  }
  return out;
}

std::string KafkaConsumer::trouble() const { return impl_->trouble.last(); }

}  // namespace dibs::events

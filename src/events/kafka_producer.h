#pragma once

#include <memory>

#include "events/event_sink.h"
#include "events/kafka_settings.h"

namespace dibs::events {

/// Sends to the topic: in order, each record once for as long as this producer lives, answered by
/// every replica that is in step (acks=all), with no time after which anything is given up. Brokers
/// that are away only make it wait.
class KafkaProducer final : public EventSink {
 public:
  /// Connects to nothing yet. `bad_input` when the settings are wrong. The topic must be there
  /// (ensure_topic).
  [[nodiscard]] static Result<std::unique_ptr<KafkaProducer>> open(const KafkaSettings& settings);
  /// What was not acknowledged may or may not arrive.
  ~KafkaProducer() override;

  [[nodiscard]] bool send(std::string_view key, std::string_view value,
                          std::uint64_t number) override;
  [[nodiscard]] Result<std::vector<std::uint64_t>> acked(Duration patience) override;
  [[nodiscard]] std::string trouble() const override;

 private:
  struct Impl;
  explicit KafkaProducer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::events

#pragma once

#include <memory>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "cli/checkup.h"
#include "cli/seller.h"
#include "cli/serve_options.h"
#include "events/kafka_settings.h"
#include "events/outbox_relay.h"

namespace dibs::cli {

/// Where the settings say that Kafka is. Fails naming the line of the file that is wrong.
[[nodiscard]] Result<events::KafkaSettings> kafka_settings(const ServeOptions& options);

/// Who tells Kafka, as the settings say; null without --kafka. Fails naming the setting that is
/// wrong; whether Kafka is there is not looked at. The seller outlives it.
[[nodiscard]] Result<std::unique_ptr<events::OutboxRelay>> choose_outbox(
    const ServeOptions& options, Seller& seller);

/// The relay's figures for /metrics; it may be null.
void add_outbox_stats(std::vector<api::Stat>& out, const events::OutboxRelay* relay);

/// What `dibs doctor` says of Kafka; nothing without --kafka.
void look_at_kafka(const ServeOptions& options, Checkup& checkup);

}  // namespace dibs::cli

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "events/chained_event.h"

/// Events as they stand on Kafka: CloudEvents 1.0 in JSON's structured mode. docs/formats/events.md
/// names every member.
namespace dibs::events {

/// What a reader must know to read an event; raised when an old reader would misread a new event.
inline constexpr std::int64_t kSchemaVersion = 1;
/// The content type that goes with it, as CloudEvents' binding for Kafka asks.
inline constexpr std::string_view kCloudEventsJson = "application/cloudevents+json; charset=UTF-8";

/// Nothing is lost: parse_cloud_event gives the same event, to the nanosecond.
[[nodiscard]] std::string to_cloud_event(const ChainedEvent& event);

/// Reads one event and checks it whole: no member may be missing, unknown or out of bounds, id,
/// source and type must fit what they name, and the hash must be that of this event behind
/// `previous`. Whether `previous` is what its reader has seen is the reader's to say. `corrupt`
/// otherwise, saying what is wrong; a newer schema is told with both numbers.
[[nodiscard]] Result<ChainedEvent> parse_cloud_event(std::string_view json);

}  // namespace dibs::events

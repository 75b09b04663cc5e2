#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace dibs::events {

/// Where the outbox relay's events go: Kafka, or a test's stand-in. One thread at a time.
class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  /// Takes `value` for sending, copied; `number` names it in acked(). What is sent under one `key`
  /// arrives in the order of the calls. False: there is no room now, and nothing was taken.
  [[nodiscard]] virtual bool send(std::string_view key, std::string_view value,
                                  std::uint64_t number) = 0;

  /// The numbers of what has become durable there since the last call, in any order; waits for the
  /// first up to `patience`. A fault ends the sink: of what it took and did not tell, some may have
  /// arrived and some not, and another one must send all of it again.
  [[nodiscard]] virtual Result<std::vector<std::uint64_t>> acked(Duration patience) = 0;

  /// What keeps it from sending and may pass by itself; empty: nothing.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace dibs::events

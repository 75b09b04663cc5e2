#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "events/event_sink.h"
#include "events/outbox_pump.h"
#include "sim/random.h"

namespace dibs::sim {

/// The road from the store to whoever reads the events: the production relay of each process, its
/// file, and a Kafka that is slow, breaks off, and takes in what a dead process had sent.
class Topic {
 public:
  Topic(std::uint64_t seed, engine::ManualClock& clock);

  /// A process begins, and ends. Its file stays, mostly.
  void open(const store::EventFeed& feed);
  void shut();
  /// The relay does what it can.
  void turn();
  void calm_down() { quiet_ = true; }
  /// Everything that is durable has been acknowledged.
  [[nodiscard]] bool settled() const { return pump_ && pump_->settled(); }

  /// What has arrived, in order, and stays.
  [[nodiscard]] const std::vector<std::string>& records() const { return records_; }

 private:
  class Sink;

  Random random_;
  engine::ManualClock& clock_;
  TempDir directory_;
  std::unique_ptr<events::OutboxPump> pump_;
  std::vector<std::string> records_;
  bool quiet_ = false;
};

}  // namespace dibs::sim

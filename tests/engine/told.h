#pragma once

#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/disk.h"
#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "sale/event.h"

namespace dibs::engine {

inline constexpr auto kDataDir = "data";

/// What the world outside has seen of the sale "concert", at one moment.
struct Facts {
  std::vector<sale::Event> events;        ///< heard by the listener: visible on every page
  std::map<std::string, OrderId> orders;  ///< acknowledged, by buyer
  std::set<Arrival> numbers;
  std::vector<std::string> broken;  ///< promises that were broken in front of everybody
};

/// Remembers what it is told: the clients' and listeners' side of an engine. Any thread.
class Told : public store::EventListener {
 public:
  Told() = default;
  /// Goes on from what was told before.
  explicit Told(Facts facts) : facts_(std::move(facts)) {}

  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override;
  /// The answer to a buy of `buyer`, who buys once and always with the same key.
  virtual void answered(const std::string& buyer, const Result<sale::Outcome>& outcome);
  void broke(const std::string& promise);

  [[nodiscard]] Facts facts() const;

 private:
  mutable std::mutex mutex_;
  Facts facts_;
};

/// The events of the sale that a start on `disk` would begin with.
[[nodiscard]] Result<std::vector<sale::Event>> events_of(Disk& disk,
                                                         const std::string& dir = kDataDir);

/// What a restart on the directory `dir` of `left` breaks of what was told; empty: nothing.
/// Recovers, looks for every event, order and number, sells, ends in order, and reads it all once
/// more. Changes `left`.
[[nodiscard]] std::vector<std::string> broken_by_restart(Disk& left, const ManualClock& clock,
                                                         const Facts& facts,
                                                         const std::string& dir = kDataDir);

/// The same without an engine, for many thousand states: recovers and compares the events.
[[nodiscard]] std::vector<std::string> broken_by_recovery(Disk& left, const Facts& facts,
                                                          const std::string& dir = kDataDir);

}  // namespace dibs::engine

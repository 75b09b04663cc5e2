#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "ledger/applier.h"
#include "sim/law.h"
#include "sim/random.h"
#include "sim/topic.h"
#include "store/event_feed.h"

namespace dibs::sim {

/// The ledger at the end of the road: the production applier on a real SQLite file, given what the
/// topic holds again and again, in pieces that overlap, leave gaps and come by two hands, of which
/// one may have been thought dead.
class Books {
 public:
  Books(std::uint64_t seed, const Topic& topic);

  /// The store's next durable event, as it is to arrive.
  void take(const store::FedEvent& fed);
  /// Some of the events come by.
  void deliver();
  /// What has not come yet comes, and the books are held against the store's events and the laws.
  void close(const std::map<std::string, Law>& laws);

  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }

 private:
  struct Sale {
    std::vector<ledger::Delivered> events;
    std::size_t applied = 0;  ///< as the ledger has reported
  };
  /// Reads on in the topic.
  void read();
  void read(const events::ChainedEvent& event);
  void apply(const std::string& name, Sale& sale, std::size_t from, std::size_t count);
  void compare(const std::map<std::string, Law>& laws);

  Random random_;
  const Topic& topic_;
  std::size_t read_ = 0;  ///< records of it
  TempDir directory_;
  ledger::Address address_;
  std::vector<std::unique_ptr<ledger::Applier>> hands_;
  std::map<std::string, Sale> sales_;
  std::vector<store::FedEvent> fed_;
  std::uint64_t applied_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t gaps_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace dibs::sim

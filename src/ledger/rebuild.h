#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/applier.h"
#include "store/event_feed.h"

namespace dibs::ledger {

/// Writes a ledger anew from every event of a store, given in order from the first.
///
/// The old rows go first: until finish() has returned, the ledger is one that is behind, and
/// whoever follows goes on with it. Not thread-safe.
class Rebuild {
 public:
  /// Takes every row away.
  [[nodiscard]] static Result<Rebuild> begin(Address address);

  /// `epoch`: of the event's sale.
  [[nodiscard]] Result<void> take(const store::FedEvent& event, const std::string& epoch);
  /// Writes what is left; how many events have been applied. Fails as `corrupt` when the events
  /// contradict each other.
  [[nodiscard]] Result<std::uint64_t> finish();

 private:
  explicit Rebuild(std::unique_ptr<Applier> applier) : applier_(std::move(applier)) {}
  [[nodiscard]] Result<void> write();

  std::unique_ptr<Applier> applier_;
  std::map<SaleId, events::ChainHash> hashes_;
  std::vector<Delivered> batch_;
  std::string source_;
  std::uint64_t applied_ = 0;
};

}  // namespace dibs::ledger

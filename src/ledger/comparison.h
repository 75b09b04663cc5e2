#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/address.h"
#include "store/event_feed.h"

namespace dibs::ledger {

struct Difference {
  SaleId sale;
  std::string words;  ///< one sentence without the sale's name
};

struct ComparisonReport {
  std::string ledger;             ///< its address, for people
  std::uint64_t sales = 0;        ///< compared
  std::uint64_t orders = 0;       ///< compared, by the store's count
  std::uint64_t events = 0;       ///< that the ledger has applied
  std::uint64_t behind = 0;       ///< durable events that it has not
  std::uint64_t units_total = 0;  ///< by the store
  std::uint64_t units_sold = 0;
  std::vector<Difference> differences;  ///< the first hundred
  std::uint64_t found = 0;              ///< all of them
};

/// Holds a ledger against a store, sale by sale, order by order and unit by unit: both as they are
/// right after the last event that the ledger has applied of each sale, so it may be done while
/// selling goes on. The store's side is the rules' own fold of its events and shares no code with
/// the ledger's. Not thread-safe.
class Comparison {
 public:
  /// Opens the ledger and fixes the moment at which it is looked at. `not_found` where there is
  /// none.
  [[nodiscard]] static Result<Comparison> begin(const Address& address);
  Comparison(Comparison&&) noexcept;
  Comparison& operator=(Comparison&&) = delete;
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;
  ~Comparison();

  /// Takes the store's events, every one, in order. `epoch`: of its sale.
  [[nodiscard]] Result<void> take(const store::FedEvent& event, const std::string& epoch);
  [[nodiscard]] Result<ComparisonReport> finish();

 private:
  struct Impl;
  explicit Comparison(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One sentence: what was compared and whether it agrees.
[[nodiscard]] std::string summary(const ComparisonReport& report);
/// One JSON object, on one line: docs/formats/ledger.md.
[[nodiscard]] std::string to_json(const ComparisonReport& report);

}  // namespace dibs::ledger

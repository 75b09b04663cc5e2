#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ledger/database.h"
#include "ledger/fold.h"
#include "ledger/rows.h"

namespace dibs::ledger {

/// The ledger's tables as rows of this program: reading them, and writing what a fold has changed.
/// Every write is absolute (a row as it is, never a difference) and gives way to a row that a later
/// event has written. Within the caller's transaction; on a fault that is undone.
class Tables {
 public:
  explicit Tables(Database& database) : database_(database) {}

  using Applied = std::map<SaleId, AppliedRow>;
  /// How far these sales are, locked against every other writer until the transaction ends. Sales
  /// that were unknown begin here, at seq 0 of `epoch`.
  [[nodiscard]] Result<Applied> lock(const std::map<SaleId, std::string>& epoch_of_sale);
  /// The same of all sales, without a lock.
  [[nodiscard]] Result<Applied> applied();

  /// The sale's row and its items, without any order.
  [[nodiscard]] Result<SaleFold> load(const SaleId& sale);
  /// Adds the orders of these arrivals, those that there are.
  using Wanted = std::vector<std::pair<SaleFold*, Arrival>>;
  [[nodiscard]] Result<void> load_orders(const Wanted& wanted);

  /// Writes what has changed: one statement a table, however many rows and sales.
  [[nodiscard]] Result<void> write(std::span<SaleFold* const> folds);
  /// What a wide event did (SaleFold::is_wide), which fold has just taken.
  [[nodiscard]] Result<void> write_wide(const SaleFold& fold);
  [[nodiscard]] Result<void> write_applied(const Applied& applied);

  /// Up to where `source` has been followed, all sales together; nothing: never.
  [[nodiscard]] Result<std::optional<std::uint64_t>> position(const std::string& source);
  /// Never backwards.
  [[nodiscard]] Result<void> write_position(const std::string& source, std::uint64_t position);

  /// The orders of a sale with arrivals above `after`, in order, at most `limit`; as they stand
  /// there, whatever that is.
  struct ReadOrder {
    Arrival arrival;
    std::string id;
    std::string buyer;
    std::string reference;
    std::string state;
    std::string money;
    std::string reason;
    std::int64_t amount = 0;
    std::string created_at;
    Seq seq;
    std::vector<sale::OrderLine> lines;  ///< in order of SKU
  };
  [[nodiscard]] Result<std::vector<ReadOrder>> orders(const SaleId& sale, Arrival after,
                                                      std::size_t limit);

 private:
  [[nodiscard]] Result<void> write_orders(std::span<SaleFold* const> folds);
  [[nodiscard]] Result<void> write_items(std::span<SaleFold* const> folds);
  [[nodiscard]] Result<void> write_sales(std::span<SaleFold* const> folds);
  [[nodiscard]] Result<void> begin_sales(const std::map<SaleId, std::string>& epoch_of_sale);

  Database& database_;
};

}  // namespace dibs::ledger

#include "cli/ledger_audit.h"

#include <optional>

#include "engine/inspect.h"

namespace dibs::cli {

Result<ledger::ComparisonReport> audit_ledger(const std::string& data, const std::string& url) {
  const auto address = ledger::parse_address(url);
  if (!address) return std::unexpected(address.error());
  const auto epoch = engine::events_epoch(data);
  if (!epoch) return std::unexpected(epoch.error());
  // The ledger first: whatever it has applied is in the journal that is read then.
  auto comparison = ledger::Comparison::begin(*address);
  if (!comparison) return std::unexpected(comparison.error());
  std::optional<Fault> failed;
  const auto read = engine::events(data, [&](const store::FedEvent& event) {
    if (auto taken = comparison->take(event, *epoch); !taken) failed = taken.error();
    return !failed;
  });
  if (!read) return std::unexpected(read.error());
  if (failed) return std::unexpected(*failed);
  return comparison->finish();
}

}  // namespace dibs::cli

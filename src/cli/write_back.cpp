#include "cli/write_back.h"

#include <chrono>
#include <string>
#include <utility>

#include "cli/log.h"

namespace dibs::cli {
namespace {

Result<ledger::Address> ledger_address(const ServeOptions& options) {
  if (!options.ledger.empty()) return ledger::parse_address(options.ledger);
  return ledger::parse_address("sqlite:" + options.data + "/ledger.db");
}

/// What to do where the ledger that nobody asked for is what keeps the server from starting.
Fault refused(const ServeOptions& options, Fault fault) {
  if (options.ledger.empty()) {
    fault.remedy +=
        " Selling does not need it: --write-back none leaves it out, --ledger puts it "
        "somewhere else, and dibs ledger rebuild makes it anew.";
  }
  return fault;
}

}  // namespace

Result<std::unique_ptr<ledger::Follower>> choose_write_back(const ServeOptions& options,
                                                            Seller& seller) {
  if (options.write_back == "none") {
    if (options.ledger.empty()) return nullptr;
    return fault(FaultKind::bad_input, "--ledger is given with --write-back none.",
                 "Leave one of them out.");
  }
  // Gateways on one Redis would each write a file of their own; one for all must be named.
  if (seller.engine() == nullptr && options.ledger.empty()) return nullptr;
  auto address = ledger_address(options);
  if (!address) return std::unexpected(refused(options, address.error()));
  ledger::Follower::Options settings;
  settings.address = *address;
  settings.sync = options.write_back == "sync";
  settings.on_warning = [](const std::string& warning) { log_warning(warning); };
  auto follower =
      std::make_unique<ledger::Follower>(std::move(settings), seller.feed(), system_clock());
  if (auto opened = follower->try_open(); !opened) {
    const bool file = address->dialect == ledger::Dialect::sqlite;
    // With sync no answer could leave, that to the server's own first question included.
    const bool needed = options.write_back == "sync";
    if (file || needed || opened.error().kind == FaultKind::bad_input) {
      return std::unexpected(refused(options, opened.error()));
    }
    log_warning(opened.error().what + " Selling begins without it; the ledger follows later.");
  }
  seller.add_listener(*follower);
  seller.add_follower("ledger " + address->shown,
                      [one = follower.get()](const SaleId& sale) { return one->applied(sale); });
  return follower;
}

void add_ledger_stats(std::vector<api::Stat>& out, const ledger::Follower* follower) {
  if (follower == nullptr) return;
  const ledger::FollowerState state = follower->state();
  const auto add = [&out](std::string_view name, std::uint64_t value) {
    out.push_back({name, static_cast<double>(value)});
  };
  add("dibs_ledger_connected", state.connected ? 1 : 0);
  add("dibs_ledger_lag_events", state.behind);
  out.push_back(
      {"dibs_ledger_lag_seconds", std::chrono::duration<double>(state.behind_for).count()});
  add("dibs_ledger_applied_events_total", state.applied);
  add("dibs_ledger_duplicate_events_total", state.duplicates);
  add("dibs_ledger_transactions_total", state.batches);
  add("dibs_ledger_failures_total", state.failures);
  add("dibs_ledger_stopped_sales", state.stopped);
  add("dibs_ledger_drift_items", state.drift);
}

}  // namespace dibs::cli

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <optional>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"
#include "engine/inspect.h"
#include "ledger/rebuild.h"

namespace dibs::cli {
namespace {

struct LedgerFlags {
  std::string data = "dibs-data";
  std::string to;
  Settings settings;
};

int fail_ledger(const Fault& fault) {
  complain(fault);
  return status_of(fault.kind);
}

int rebuild(const LedgerFlags& flags) {
  const auto address = ledger::parse_address(flags.to);
  if (!address) return fail_ledger(address.error());
  const auto epoch = engine::events_epoch(flags.data);
  if (!epoch) return fail_ledger(epoch.error());
  auto writing = ledger::Rebuild::begin(*address);
  if (!writing) return fail_ledger(writing.error());
  std::optional<Fault> failed;
  const auto read = engine::events(flags.data, [&](const store::FedEvent& event) {
    if (auto taken = writing->take(event, *epoch); !taken) failed = taken.error();
    return !failed;
  });
  if (!read) return fail_ledger(read.error());
  if (failed) return fail_ledger(*failed);
  const auto applied = writing->finish();
  if (!applied) return fail_ledger(applied.error());
  std::cout << "written anew: " << address->shown << ", " << *applied << " events\n";
  return kHeld;
}

}  // namespace

Subcommand add_ledger(CLI::App& app) {
  auto* sub = app.add_subcommand("ledger", "The SQL tables that follow orders and stock");
  sub->require_subcommand(1);
  auto flags = std::make_shared<LedgerFlags>();
  auto* anew = sub->add_subcommand(
      "rebuild", "Take every row of a ledger away and write it anew from the journal's events");
  anew->add_option("--data", flags->data, "The server's data directory; it may be running")
      ->capture_default_str();
  anew->add_option("--to", flags->to,
                   "The ledger: sqlite:FILE, postgresql://… or mysql://…; no default")
      ->required();
  return {sub, [flags] { return rebuild(*flags); }};
}

}  // namespace dibs::cli

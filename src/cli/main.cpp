#include <CLI/CLI.hpp>

#include <array>
#include <iostream>

#include "base/out_of_memory.h"
#include "cli/exit_status.h"
#include "cli/subcommands.h"

namespace {

constexpr const char* kVersion = "dibs 0.1.0";

int run(int argc, char** argv) {
  using namespace dibs::cli;
  CLI::App app("Dibs sells a limited stock first come, first served, and proves that it did.",
               "dibs");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 all promises held, 1 a promise was broken, 2 bad usage, 3 a part "
      "could not be reached.");
  const std::array subcommands = {
      add_serve(app),   add_doctor(app),   add_rush(app),   add_compare(app), add_baseline(app),
      add_load(app),    add_payments(app), add_ledger(app), add_audit(app),   add_why(app),
      add_journal(app), add_sale(app),     add_tables(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    // Help is asked for before what is left over is looked at: `dibs nosuch --help`.
    if (const auto unknown = app.remaining(true); !unknown.empty()) {
      std::cerr << "dibs: `" << unknown.front() << "` is not known here; see dibs --help\n";
      return kUsage;
    }
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kHeld : kUsage;
  }
  for (const auto& subcommand : subcommands) {
    if (subcommand.app->parsed()) return subcommand.run();
  }
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  dibs::end_when_memory_runs_out();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "dibs: " << error.what() << '\n';
    return dibs::cli::kUnreachable;
  }
}

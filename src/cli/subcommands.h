#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <vector>

/// The subcommands. Each adds its flags to `app` and returns what runs when it is chosen: a
/// function that gives the exit status. Nothing happens before that function is called.
namespace dibs::cli {

using Action = std::function<int()>;

struct Subcommand {
  CLI::App* app = nullptr;
  Action run;
};

[[nodiscard]] Subcommand add_serve(CLI::App& app);
[[nodiscard]] Subcommand add_load(CLI::App& app);
[[nodiscard]] Subcommand add_rush(CLI::App& app);
[[nodiscard]] Subcommand add_compare(CLI::App& app);
/// `dibs baseline`, not shown: one of the shop's earlier designs, which `dibs compare` measures.
[[nodiscard]] Subcommand add_baseline(CLI::App& app);
[[nodiscard]] Subcommand add_payments(CLI::App& app);
/// `dibs ledger`, `dibs ledger rebuild`
[[nodiscard]] Subcommand add_ledger(CLI::App& app);
[[nodiscard]] Subcommand add_audit(CLI::App& app);
[[nodiscard]] Subcommand add_why(CLI::App& app);
[[nodiscard]] Subcommand add_doctor(CLI::App& app);
/// `dibs sale archive | dump`
[[nodiscard]] Subcommand add_sale(CLI::App& app);
/// `dibs journal verify | dump | replay | backup`
[[nodiscard]] Subcommand add_journal(CLI::App& app);
/// `dibs tables codes | metrics | openapi`: the generated documents, from the tables in the code.
[[nodiscard]] Subcommand add_tables(CLI::App& app);

}  // namespace dibs::cli

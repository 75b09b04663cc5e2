#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"
#include "engine/inspect.h"

namespace dibs::cli {
namespace {

struct WhyFlags {
  std::string data = "dibs-data";
  std::string sale;
  std::string buyer;
  Settings settings;
};

int why(const WhyFlags& flags, CLI::App& app) {
  if (auto applied = apply_settings(app, flags.settings); !applied) {
    complain(applied.error());
    return kUsage;
  }
  const auto sentences = engine::why(flags.data, SaleId(flags.sale), BuyerId(flags.buyer));
  if (!sentences) {
    complain(sentences.error());
    return status_of(sentences.error().kind);
  }
  for (const auto& sentence : *sentences) std::cout << sentence << '\n';
  return kHeld;
}

}  // namespace

Subcommand add_why(CLI::App& app) {
  auto* sub = app.add_subcommand("why", "Say what became of a buyer's requests, and why");
  auto flags = std::make_shared<WhyFlags>();
  sub->add_option("--data", flags->data, "The server's data directory; it may be running")
      ->capture_default_str();
  sub->add_option("--sale", flags->sale, "The sale's id; no default")->required();
  sub->add_option("--buyer", flags->buyer, "The buyer's id; no default")->required();
  add_settings(*sub, flags->settings);
  return {sub, [flags, sub] { return why(*flags, *sub); }};
}

}  // namespace dibs::cli

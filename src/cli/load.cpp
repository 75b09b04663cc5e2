#include <CLI/CLI.hpp>

#include <memory>

#include "cli/exit_status.h"
#include "cli/load_flags.h"
#include "cli/log.h"
#include "cli/secrets.h"
#include "cli/subcommands.h"

namespace dibs::cli {
namespace {

struct LoadFlags {
  CrowdFlags crowd;
  std::string url;
  double rate = 0;
  bool at_once = false;
  std::string shop_key_file;
  std::string jwt_key_file;
  std::string jwt_audience;
};

/// A shop key or a JWT key, when one is given; else the demo's way in.
Result<load::Credentials> credentials(const LoadFlags& flags) {
  using Kind = load::Credentials::Kind;
  const bool jwt = !flags.jwt_key_file.empty();
  auto keys = jwt ? read_secrets("DIBS_JWT_KEY", flags.jwt_key_file)
                  : read_secrets("DIBS_SHOP_KEY", flags.shop_key_file);
  if (!keys) return std::unexpected(keys.error());
  if (keys->empty()) return load::Credentials{};
  return load::Credentials{jwt ? Kind::jwt : Kind::shop, keys->front(), flags.jwt_audience};
}

int run_load(const LoadFlags& flags) {
  load::Options options = crowd_options(flags.crowd);
  if (auto set = load::set_url(options, flags.url); !set) {
    complain(set.error());
    return kUsage;
  }
  auto who = credentials(flags);
  if (!who) {
    complain(who.error());
    return kUsage;
  }
  options.credentials = *who;
  if (flags.rate > 0) {
    options.pacing = load::Pacing::rate;
    options.per_second = flags.rate;
  }
  auto run = load::run(options, progress_line());
  if (!run) {
    complain(run.error());
    return run.error().kind == FaultKind::bad_input ? kUsage : kUnreachable;
  }
  return report(*run, flags.crowd.files);
}

}  // namespace

Subcommand add_load(CLI::App& app) {
  auto* sub = app.add_subcommand("load", "Fire buyers at a sale of a running server and judge it");
  auto flags = std::make_shared<LoadFlags>();
  flags->crowd.options.strategy = "load";
  sub->add_option("--url", flags->url, "Where the server is: http://HOST:PORT")->required();
  sub->add_option("--sale", flags->crowd.options.sale, "The sale's id")->required();
  sub->add_option("--sku", flags->crowd.options.sku, "What to buy; default: the sale's first item");
  auto* rate = sub->add_option("--rate", flags->rate, "Presses a second, sent when they are due");
  rate->check(CLI::PositiveNumber);
  sub->add_flag("--at-once", flags->at_once, "All presses due at the first moment (the default)")
      ->excludes(rate);
  sub->add_option("--shop-key-file", flags->shop_key_file, "The shop's key (else DIBS_SHOP_KEY)");
  sub->add_option("--jwt-key-file", flags->jwt_key_file, "HS256 secret to sign the buyers' tokens");
  sub->add_option("--jwt-audience", flags->jwt_audience, "The `aud` of those tokens");
  add_crowd_flags(*sub, flags->crowd);
  return {sub, [flags] { return run_load(*flags); }};
}

}  // namespace dibs::cli

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/exit_status.h"
#include "cli/load_flags.h"
#include "cli/log.h"
#include "cli/secrets.h"
#include "cli/subcommands.h"
#include "load/resources.h"

namespace dibs::cli {
namespace {

constexpr std::size_t kPrefixCharsMax = 100;  ///< a buyer's id has 128

struct LoadFlags {
  CrowdFlags crowd;
  std::string url;
  std::string shop_key_file;
  std::string jwt_key_file;
  std::string jwt_audience;
  std::string operator_tokens_file;
  std::string buyer_prefix;
  std::optional<pid_t> server;
};

/// The key that signs tokens is taken whole: PEM has lines, and a secret may hold commas.
Result<load::Credentials> jwt_credentials(const LoadFlags& flags) {
  if (flags.jwt_audience.empty()) {
    return fault(FaultKind::bad_input, "--jwt-key-file is given without the audience.",
                 "Give --jwt-audience too, as the server has it.");
  }
  auto key = read_whole_file(flags.jwt_key_file);
  if (!key) return std::unexpected(key.error());
  const bool pem = key->find("-----BEGIN") != std::string::npos;
  while (!pem && (key->ends_with('\n') || key->ends_with('\r'))) key->pop_back();
  return load::Credentials{load::Credentials::Kind::jwt, *key, flags.jwt_audience};
}

/// A shop key or a JWT key, when one is given; else the demo's way in.
Result<load::Credentials> credentials(const LoadFlags& flags) {
  const bool shop_file = !flags.shop_key_file.empty();
  if (shop_file && !flags.jwt_key_file.empty()) {
    return fault(FaultKind::bad_input, "There is both a shop key and a key for tokens.",
                 "Give --shop-key-file or --jwt-key-file, whichever the buyers shall use.");
  }
  if (!flags.jwt_key_file.empty()) return jwt_credentials(flags);
  auto keys = read_secrets("DIBS_SHOP_KEY", flags.shop_key_file);
  if (!keys) return std::unexpected(keys.error());
  if (!keys->empty()) return load::Credentials{load::Credentials::Kind::shop, keys->front(), ""};
  if (!shop_file) return load::Credentials{};
  return fault(FaultKind::bad_input, "The file " + flags.shop_key_file + " holds no key.",
               "Put the shop's key into it, alone on a line.");
}

/// Names that differ from run to run, so that a second run is no second order of the same buyers.
Result<std::string> buyer_prefix(const LoadFlags& flags) {
  if (flags.buyer_prefix.empty()) return "b-" + random_secret().substr(0, 6) + "-";
  const bool visible = std::ranges::all_of(
      flags.buyer_prefix, [](char c) { return c > ' ' && c <= '~' && c != '@' && c != '"'; });
  if (visible && flags.buyer_prefix.size() <= kPrefixCharsMax) return flags.buyer_prefix;
  return fault(FaultKind::bad_input, "--buyer-prefix is not the beginning of a buyer's id.",
               "Give at most 100 visible ASCII characters without @ and quotation marks.");
}

Result<load::Options> load_options(CLI::App& app, LoadFlags& flags) {
  auto options = crowd_options(app, flags.crowd);
  if (!options) return options;
  if (flags.url.empty() || options->sale.empty()) {
    return fault(FaultKind::bad_input, "There is no server or no sale to fire at.",
                 "Give --url and --sale.");
  }
  if (auto set = load::set_url(*options, flags.url); !set) return std::unexpected(set.error());
  auto who = credentials(flags);
  if (!who) return std::unexpected(who.error());
  options->credentials = *who;
  auto prefix = buyer_prefix(flags);
  if (!prefix) return std::unexpected(prefix.error());
  options->buyer_prefix = *prefix;
  auto operators = read_named_secrets("DIBS_OPERATOR_TOKENS", flags.operator_tokens_file);
  if (!operators) return std::unexpected(operators.error());
  if (!operators->empty()) options->operator_token = operators->front().second;
  if (flags.server) options->servers = {*flags.server};
  if (flags.server && !load::sample_process(*flags.server)) {
    return fault(FaultKind::bad_input,
                 "There is no process " + std::to_string(*flags.server) + " to watch.",
                 "Give the server's own number with --server-pid; it must run on this machine.");
  }
  return options;
}

int run_load(CLI::App& app, LoadFlags& flags) {
  const auto options = load_options(app, flags);
  if (!options) {
    complain(options.error());
    return kUsage;
  }
  const auto run = load::run(*options, progress_line(language_of(flags.crowd.files)));
  if (!run) {
    complain(run.error());
    return status_of(run.error());
  }
  return report(*run, flags.crowd.files);
}

void add_key_flags(CLI::App& app, LoadFlags& flags) {
  app.add_option("--shop-key-file", flags.shop_key_file, "The shop's key (else DIBS_SHOP_KEY)")
      ->envname("DIBS_SHOP_KEY_FILE");
  app.add_option("--jwt-key-file", flags.jwt_key_file,
                 "What signs the buyers' tokens: a secret (HS256), or a private key in PEM, RSA "
                 "(RS256) or P-256 (ES256)")
      ->envname("DIBS_LOAD_JWT_KEY_FILE");
  app.add_option("--jwt-audience", flags.jwt_audience, "The `aud` of those tokens")
      ->envname("DIBS_JWT_AUDIENCE");
  app.add_option("--operator-tokens-file", flags.operator_tokens_file,
                 "File of NAME:TOKEN lines, whose first reads a stock that is hidden from the "
                 "public (else DIBS_OPERATOR_TOKENS)")
      ->envname("DIBS_OPERATOR_TOKENS_FILE");
}

}  // namespace

Subcommand add_load(CLI::App& app) {
  auto* sub = app.add_subcommand("load", "Fire buyers at a sale of a running server and judge it");
  auto flags = std::make_shared<LoadFlags>();
  flags->crowd.options.strategy = "load";
  sub->add_option("--url", flags->url, "Where the server is: http://HOST:PORT; must be given")
      ->envname("DIBS_URL");
  sub->add_option("--sale", flags->crowd.options.sale, "The sale's id; must be given")
      ->envname("DIBS_SALE");
  sub->add_option("--sku", flags->crowd.options.sku, "What to buy; default: the sale's first item")
      ->envname("DIBS_SKU");
  add_key_flags(*sub, *flags);
  sub->add_option("--buyer-prefix", flags->buyer_prefix,
                  "Buyer number i is called this and i; default: another one each run")
      ->envname("DIBS_BUYER_PREFIX");
  sub->add_option("--server-pid", flags->server,
                  "The server's process on this machine, to show what it used")
      ->envname("DIBS_SERVER_PID");
  add_crowd_flags(*sub, flags->crowd);
  return {sub, [flags, sub] { return run_load(*sub, *flags); }};
}

}  // namespace dibs::cli

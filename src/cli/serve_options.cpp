#include "cli/serve_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <string_view>
#include <thread>

#include "cli/loopback.h"
#include "cli/secrets.h"

namespace dibs::cli {
namespace {

constexpr std::uint32_t kIngressMax = 64;
constexpr std::uint32_t kIngressByCoresMax = 8;
constexpr std::size_t kShopKeysMax = 2;  // the old and the new one while it is changed

Result<std::optional<api::JwtOptions>> jwt_options(const ServeOptions& options) {
  if (options.jwt_key_files.empty()) {
    if (options.jwt_algorithm.empty() && options.jwt_audience.empty()) return std::nullopt;
    return fault(
        FaultKind::bad_input,
        "--jwt-alg or --jwt-audience is given without --jwt-key-file: no token is accepted.",
        "Give --jwt-key-file too, or leave them out.");
  }
  if (options.jwt_algorithm.empty() || options.jwt_audience.empty()) {
    return fault(FaultKind::bad_input, "--jwt-key-file is given without the rest.",
                 "Give --jwt-alg and --jwt-audience too.");
  }
  static const std::map<std::string, api::JwtAlgorithm> algorithms = {
      {"HS256", api::JwtAlgorithm::hs256},
      {"RS256", api::JwtAlgorithm::rs256},
      {"ES256", api::JwtAlgorithm::es256}};
  api::JwtOptions jwt;
  jwt.algorithm = algorithms.at(options.jwt_algorithm);
  jwt.audience = options.jwt_audience;
  for (const auto& file : options.jwt_key_files) {
    auto key = read_whole_file(file);
    if (!key) return std::unexpected(key.error());
    if (jwt.algorithm == api::JwtAlgorithm::hs256) {
      while (key->ends_with('\n') || key->ends_with('\r')) key->pop_back();
    }
    jwt.keys.push_back(std::move(*key));
  }
  return jwt;
}

Result<void> check_ways_in(const ServeOptions& options, const api::Options& out) {
  for (const std::string& address : {options.listen, options.operator_listen}) {
    if (!options.insecure_demo || address.empty() || is_loopback(address)) continue;
    return fault(
        FaultKind::bad_input, "--insecure-demo listens on loopback only, not on " + address + ".",
        "Take an address like 127.0.0.1:8080, or leave --insecure-demo out and give keys.");
  }
  if (!options.insecure_demo && out.shop_keys.empty() && !out.jwt) {
    return fault(FaultKind::bad_input,
                 "No buyer could get in: there is neither a shop key nor a JWT key.",
                 "Set DIBS_SHOP_KEY or --shop-key-file, or --jwt-key-file with --jwt-alg and "
                 "--jwt-audience; to try it out, --insecure-demo.");
  }
  if (!options.insecure_demo && out.operators.empty()) {
    return fault(FaultKind::bad_input, "No operator could get in, so no sale could be made.",
                 "Set DIBS_OPERATOR_TOKENS=name:token or --operator-tokens-file.");
  }
  return {};
}

}  // namespace

void add_flags(CLI::App& app, ServeOptions& options) {
  app.add_option("--listen", options.listen, "HOST:PORT to serve on; port 0 takes any free one")
      ->capture_default_str();
  app.add_option("--operator-listen", options.operator_listen,
                 "HOST:PORT of a listener that alone serves operators and support; default: none, "
                 "--listen serves them");
  app.add_option("--cors-origin", options.cors_origins,
                 "Exact origin whose pages may call the API; may be repeated; default: none")
      ->delimiter(',');
  app.add_option("--data", options.data,
                 "Directory of the journal, or with --store of what was seen there; created if "
                 "missing")
      ->capture_default_str();
  app.add_option(
      "--store", options.store,
      "Sell on a Redis or Valkey server that gateways share: "
      "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss:// for TLS, or unix:PATH; several "
      "HOST:PORT, with commas between, are nodes of one Redis Cluster; default: none, the "
      "engine in --data");
  app.add_option("--store-ca-file", options.store_ca_file,
                 "PEM file of the authorities that may sign the certificate of Redis; default: "
                 "those that this machine trusts");
  app.add_option("--store-cert-file", options.store_cert_file,
                 "PEM file of the certificate that Dibs shows to Redis; default: none");
  app.add_option("--store-key-file", options.store_key_file,
                 "PEM file of its key; no default: goes with --store-cert-file");
  app.add_option("--durability", options.durability,
                 "What an answer promises: strict (on the disk), replica (in the memory of every "
                 "replica too), relaxed (as Redis is set); the engine is always strict")
      ->check(CLI::IsMember({"strict", "replica", "relaxed"}))
      ->capture_default_str();
  app.add_option("--trim-after", options.trim_after,
                 "Redis: events of a sale that the ledger has, or without one Kafka, are cut once "
                 "there are so many; a snapshot stands for them; 0: never")
      ->capture_default_str();
  app.add_option("--ledger", options.ledger,
                 "SQL tables that follow every order and the stock: sqlite:FILE, "
                 "postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE; default: "
                 "sqlite:ledger.db in --data, or with --store none");
  app.add_option("--write-back", options.write_back,
                 "When they follow: async (right after the answer), sync (before it, to see what "
                 "async is worth) or none")
      ->check(CLI::IsMember({"async", "sync", "none"}))
      ->capture_default_str();
  app.add_option("--ingress", options.ingress,
                 "Threads that read requests, 1 to 64; 0: half of the cores, at most 8")
      ->check(CLI::Range(0U, kIngressMax))
      ->capture_default_str();
  app.add_option(
         "--jwt-key-file", options.jwt_key_files,
         "File with the HS256 secret or the RS256/ES256 public key (PEM); two at once to rotate; "
         "default: none, no buyer comes with a token")
      ->delimiter(',');
  app.add_option("--jwt-alg", options.jwt_algorithm,
                 "The one algorithm accepted; no default: goes with --jwt-key-file")
      ->check(CLI::IsMember({"HS256", "RS256", "ES256"}));
  app.add_option("--jwt-audience", options.jwt_audience,
                 "The `aud` a token must have; no default: goes with --jwt-key-file");
  app.add_option(
      "--shop-key-file", options.shop_key_file,
      "File with the shop's key, or two to rotate, one a line, each 16 characters or more; "
      "default: DIBS_SHOP_KEY, comma between two");
  app.add_option("--operator-tokens-file", options.operator_tokens_file,
                 "File of NAME:TOKEN lines, each token 16 characters or more; default: "
                 "DIBS_OPERATOR_TOKENS, commas between");
  app.add_option(
      "--support-tokens-file", options.support_tokens_file,
      "File of NAME:TOKEN lines, tokens that may only read; default: DIBS_SUPPORT_TOKENS");
  app.add_option("--payments", options.payments,
                 "URL of the payment provider, which speaks the protocol of "
                 "docs/formats/provider.md; its key, if it wants one, is DIBS_PAYMENTS_KEY; "
                 "default: none, payment: provider is refused (the demo has one inside)");
  app.add_option(
      "--webhook-secret-file", options.webhook_secret_file,
      "File with the secret that the provider signs webhooks with, whsec_…, or two to "
      "rotate; default: DIBS_WEBHOOK_SECRET, else a provider on this machine is told one");
  app.add_option(
      "--notify-secret-file", options.notify_secret_file,
      "File with the secret that notices to shops are signed with, whsec_…, or two to rotate; "
      "default: DIBS_NOTIFY_SECRET; without one, a sale with notify is refused");
  app.add_option("--kafka", options.kafka,
                 "HOST:PORT of Kafka brokers, commas between: every event of every sale is sent to "
                 "their topic, and none is lost while they are away; default: none");
  app.add_option("--kafka-topic", options.kafka_topic,
                 "The topic for --kafka; made, and kept for ever, when it is not there")
      ->capture_default_str();
  app.add_option("--kafka-settings-file", options.kafka_settings_file,
                 "File of NAME=VALUE lines, settings of librdkafka for --kafka (TLS, SASL); "
                 "default: none");
  app.add_option("--rate-per-buyer", options.rate_per_buyer,
                 "Requests a second of one buyer before 429, 0 to 1,000,000; 0 is off")
      ->check(CLI::Range(0U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--rate-per-network", options.rate_per_network,
                 "Requests a second without a valid credential from one IPv4 address or one /64 of "
                 "IPv6 before 429, 0 to 1,000,000; 0 is off. A page counts with all it loads; "
                 "requests with a credential never do")
      ->check(CLI::Range(0U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--connections-per-network", options.connections_per_network,
                 "Connections open at once from one such network, 0 to 15,000; one more is closed "
                 "unanswered; 0 is off. Behind one address of a mobile carrier are thousands")
      ->check(CLI::Range(0U, static_cast<std::uint32_t>(http::Limits{}.connections)))
      ->capture_default_str();
  app.add_option("--trusted-proxy", options.trusted_proxies,
                 "Network of proxies (10.0.0.0/8, 2001:db8::/32, or one address) whose "
                 "X-Forwarded-For tells who asks; may be repeated; default: none, the connection "
                 "tells")
      ->delimiter(',');
  app.add_option("--listeners", options.listeners,
                 "Event streams and long polls open at once, 1 to 15,000; beyond, clients are told "
                 "to poll, so that buys find a connection")
      ->check(CLI::Range(1U, static_cast<std::uint32_t>(http::Limits{}.connections)))
      ->capture_default_str();
  app.add_option("--log-format", options.log_format, "text or json, on standard error")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "Log only what is wrong; default: off");
  app.add_flag(
      "--insecure-demo", options.insecure_demo,
      "Trust Dibs-Buyer alone, on loopback only, with a sandbox for payments; default: off");
  app.add_option(
         "--demo-opens-in", options.demo_opens_in,
         "Seconds until the demo's own sale opens, 0 to 86,400; above 0 it is made even where "
         "DIBS_OPERATOR_TOKENS names the operators")
      ->check(CLI::Range(0U, 86'400U))
      ->capture_default_str();
  app.add_option("--payment-delay-ms", options.payment_delay_ms,
                 "How long the demo's provider takes for each payment")
      ->group("");
  app.add_flag("--unmerged", options.unmerged,
               "Number requests in the order of the queues, to see what the merge is worth")
      ->group("");
  app.add_flag("--die-with-parent", options.die_with_parent,
               "End when the process that started this one ends")
      ->group("");
}

std::uint32_t ingress_loops(const ServeOptions& options) {
  if (options.ingress != 0) return options.ingress;
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, kIngressByCoresMax);
}

Result<api::Options> api_options(const ServeOptions& options) {
  api::Options out;
  out.cors_origins = options.cors_origins;
  out.rate_per_buyer = options.rate_per_buyer;
  out.rate_per_network = options.rate_per_network;
  for (const std::string& text : options.trusted_proxies) {
    const auto network = Network::parse(text);
    if (!network) {
      return fault(
          FaultKind::bad_input, "--trusted-proxy " + text + " is no network.",
          "Write it like 10.0.0.0/8, with nothing behind the first 8 bits, or one address.");
    }
    out.trusted_proxies.push_back(*network);
  }
  out.listeners_max = options.listeners;
  out.insecure_demo = options.insecure_demo;
  if (!options.operator_listen.empty()) out.operator_listener = 1;

  auto operators = read_named_secrets("DIBS_OPERATOR_TOKENS", options.operator_tokens_file);
  if (!operators) return std::unexpected(operators.error());
  for (auto& [name, token] : *operators) out.operators.push_back({name, token});

  auto support = read_named_secrets("DIBS_SUPPORT_TOKENS", options.support_tokens_file);
  if (!support) return std::unexpected(support.error());
  for (auto& [name, token] : *support) out.support_tokens.push_back(token);

  auto shop = read_secrets("DIBS_SHOP_KEY", options.shop_key_file);
  if (!shop) return std::unexpected(shop.error());
  if (shop->size() > kShopKeysMax) {
    return fault(FaultKind::bad_input,
                 "There are " + std::to_string(shop->size()) + " shop keys; two are the most.",
                 "Keep the one in use and the one that replaces it.");
  }
  out.shop_keys = std::move(*shop);

  auto jwt = jwt_options(options);
  if (!jwt) return std::unexpected(jwt.error());
  out.jwt = std::move(*jwt);

  if (auto checked = check_ways_in(options, out); !checked) return std::unexpected(checked.error());
  return out;
}

}  // namespace dibs::cli

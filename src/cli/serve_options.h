#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "cli/settings_file.h"
#include "redis/trim.h"

namespace dibs::cli {

/// The settings of `dibs serve`, as given.
struct ServeOptions {
  std::string listen = "127.0.0.1:8080";
  std::string operator_listen;
  std::vector<std::string> cors_origins;
  std::string data = "dibs-data";
  std::string store;            ///< redis://…, rediss://… or unix:…; empty: the embedded engine
  std::string store_ca_file;    ///< of rediss://; empty: whom this machine trusts
  std::string store_cert_file;  ///< empty: no client certificate is shown
  std::string store_key_file;
  std::string durability = "strict";
  std::uint64_t trim_after = redis::TrimOptions{}.after;
  std::string ledger;  ///< URL; empty: SQLite beside the journal
  std::string write_back = "async";
  std::uint32_t ingress = 0;  ///< 0: see ingress_loops
  std::vector<std::string> jwt_key_files;
  std::string jwt_algorithm;
  std::string jwt_audience;
  std::string shop_key_file;
  std::string operator_tokens_file;
  std::string support_tokens_file;
  std::string payments;             ///< URL of the payment provider; empty: none
  std::string webhook_secret_file;  ///< empty: DIBS_WEBHOOK_SECRET
  std::string notify_secret_file;   ///< empty: DIBS_NOTIFY_SECRET
  std::string kafka;                ///< brokers; empty: events go to no Kafka
  std::string kafka_topic = "dibs.events";
  std::string kafka_settings_file;  ///< empty: none
  std::uint32_t rate_per_buyer = 0;
  std::uint32_t rate_per_network = 0;
  std::uint32_t connections_per_network = 0;
  std::vector<std::string> trusted_proxies;
  std::uint32_t listeners = api::Options{}.listeners_max;
  std::string log_format = "text";
  bool quiet = false;            ///< log only what is wrong
  bool die_with_parent = false;  ///< for a server that is part of a run of `dibs rush`
  bool insecure_demo = false;
  std::uint32_t payment_delay_ms = 0;  ///< of the demo's provider; for comparisons
  std::uint32_t demo_opens_in = 0;     ///< seconds until the demo's own sale opens
  bool unmerged = false;  ///< for the proof that the merge matters; never in a real sale
  Settings settings;      ///< set by add_settings
};

void add_flags(CLI::App& app, ServeOptions& options);

/// The loops to read with. Unless told, half of the cores: order of arrival and journal want one
/// each beside them, and so do the streams and whoever else is on the machine.
[[nodiscard]] std::uint32_t ingress_loops(const ServeOptions& options);

/// Reads keys and tokens, and checks that the settings fit together (the demo only on loopback,
/// a way in for buyers). Fails naming the setting.
[[nodiscard]] Result<api::Options> api_options(const ServeOptions& options);

}  // namespace dibs::cli

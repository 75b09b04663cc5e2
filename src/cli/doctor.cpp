#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "api/identity.h"
#include "cli/checkup.h"
#include "cli/doctor_disk.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_redis.h"
#include "cli/doctor_sales.h"
#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/outbox.h"
#include "cli/payment_audit.h"
#include "cli/serve_options.h"
#include "cli/subcommands.h"
#include "engine/inspect.h"
#include "http/server.h"
#include "http/sockets.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;

constexpr std::uint64_t kBuyersMax = 1'000'000'000;

struct DoctorOptions {
  ServeOptions serve;
  std::uint64_t buyers = 0;
  bool inherited_sockets = false;
};

Finding of_fault(Grade grade, const char* about, const Fault& fault) {
  return {grade, std::string(about) + ": " + fault.what, fault.remedy};
}

Finding judge_keys(const api::Options& options) {
  if (auto usable = api::Authenticator::make(options); !usable) {
    return of_fault(Grade::no_go, "keys", usable.error());
  }
  return {Grade::ok, "keys: " + std::to_string(options.operators.size()) + " operators, " +
                         std::to_string(options.support_tokens.size()) + " of support, " +
                         std::to_string(options.shop_keys.size()) + " of the shop, " +
                         std::to_string(options.jwt ? options.jwt->keys.size() : 0) + " for JWT"};
}

void look_at_settings(const ServeOptions& options, Checkup& checkup) {
  if (options.insecure_demo) {
    checkup.add({Grade::no_go, "keys: --insecure-demo lets anyone be any buyer",
                 "Leave it out and give keys."});
    return;
  }
  const auto configured = api_options(options);
  checkup.add(configured ? judge_keys(*configured)
                         : of_fault(Grade::no_go, "keys", configured.error()));
}

void look_at_provider(const std::string& url, Checkup& checkup) {
  if (url.empty()) return;
  const auto answers = try_provider(url);
  checkup.add(answers ? Finding{Grade::ok, "payments: the provider at " + url + " answers"}
                      : of_fault(Grade::no_go, "payments", answers.error()));
}

Finding try_port(const std::string& address) {
  const auto sockets = http::open_listeners(address, 1);
  if (!sockets) return of_fault(Grade::no_go, "port", sockets.error());
  return {Grade::ok, "port: " + address + " is free"};
}

void look_at_ports(const DoctorOptions& options, const std::string& server, Checkup& checkup) {
  if (!server.empty()) {
    return checkup.add({Grade::ok, "ports: not tried, process " + server + " is serving"});
  }
  if (options.inherited_sockets) {
    return checkup.add({Grade::ok, "ports: not tried, the sockets are inherited"});
  }
  checkup.add(try_port(options.serve.listen));
  if (!options.serve.operator_listen.empty()) {
    checkup.add(try_port(options.serve.operator_listen));
  }
}

void look_at_disk(const std::string& dir, const std::string& server, std::uint64_t needed,
                  Checkup& checkup) {
  const auto facts = look_at_directory(dir);
  checkup.add(judge_directory(facts, dir));
  if (!facts) return;
  checkup.add(judge_file_system(facts->file_system));
  checkup.add(judge_space(facts->free_bytes, needed));
  if (!server.empty()) {
    return checkup.add({Grade::ok, "commits: not measured, process " + server + " is serving"});
  }
  if (facts->read_only || !facts->writable) return;
  auto times = measure_commits(facts->looked_at);
  checkup.add(times ? judge_commits(std::move(*times))
                    : of_fault(Grade::no_go, "commits", times.error()));
}

void look_at_machine(const ServeOptions& options, bool opening_is_ahead, Checkup& checkup) {
  const std::uint64_t connections = http::Limits{}.connections;
  checkup.add(judge_clock(look_at_clock(), opening_is_ahead));
  checkup.add(judge_descriptors(look_at_descriptors(), connections));
  for (const char* queue : {"net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog"}) {
    checkup.add(judge_queue(queue, look_at_setting(queue), connections));
  }
  checkup.add(judge_loops(ingress_loops(options), look_at_cores()));
}

/// The sales, as far as the journal can be read.
std::vector<sale::SaleView> look_at_journal(const std::string& dir, const std::string& server,
                                            Checkup& checkup) {
  const engine::JournalReport report = engine::verify(dir);
  if (report.fault && report.fault->kind == FaultKind::not_found) {
    checkup.add({Grade::ok, "journal: a new one will be begun"});
    return {};
  }
  checkup.add(judge_journal(report, !server.empty()));
  if (report.fault) return {};
  auto sales = engine::replay(dir, Seq());
  if (sales) return std::move(*sales);
  checkup.add(of_fault(Grade::unknown, "sales", sales.error()));
  return {};
}

int doctor(DoctorOptions& options, CLI::App& app) {
  if (auto applied = apply_settings(app, options.serve.settings); !applied) {
    complain(applied.error());
    return kUsage;
  }
  Checkup checkup;
  const std::string& dir = options.serve.data;
  const std::string server = server_on(dir);
  look_at_settings(options.serve, checkup);
  look_at_ports(options, server, checkup);
  look_at_provider(options.serve.payments, checkup);
  look_at_kafka(options.serve, checkup);
  std::vector<sale::SaleView> sales;
  if (options.serve.store.empty()) {
    sales = look_at_journal(dir, server, checkup);
    look_at_disk(dir, server, bytes_needed(sales, options.buyers), checkup);
  } else {
    look_at_redis(options.serve, checkup);
  }
  look_at_machine(options.serve, opening_ahead(sales), checkup);
  for (Finding& finding : judge_sales(sales, system_clock().now())) {
    checkup.add(std::move(finding));
  }
  std::cout << checkup.text();
  return checkup.exit_status();
}

}  // namespace

Subcommand add_doctor(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "doctor", "Say whether this machine, directory and settings are fit to sell: GO or NO-GO");
  auto options = std::make_shared<DoctorOptions>();
  add_flags(*sub, options->serve);
  sub->add_option(
         "--buyers", options->buyers,
         "How many are expected to press, for the space, 0 to 10^9; 0: no more than the sales say")
      ->check(CLI::Range(std::uint64_t{0}, kBuyersMax))
      ->capture_default_str();
  sub->add_flag("--inherited-sockets", options->inherited_sockets,
                "The listening sockets come from systemd: the ports are not tried; default: off");
  add_settings(*sub, options->serve.settings);
  return {sub, [options, sub] { return doctor(*options, *sub); }};
}

}  // namespace dibs::cli

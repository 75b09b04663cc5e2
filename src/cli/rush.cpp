#include <CLI/CLI.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/end_on_signal.h"
#include "cli/exit_status.h"
#include "cli/load_flags.h"
#include "cli/log.h"
#include "cli/measured_sale.h"
#include "cli/payment_audit.h"
#include "cli/run_audit.h"
#include "cli/secrets.h"
#include "cli/server_process.h"
#include "cli/subcommands.h"

namespace dibs::cli {
namespace {

constexpr const char* kSale = "rush";
constexpr Duration kSettlePatience = std::chrono::seconds(30);
constexpr Duration kStopPatience = std::chrono::seconds(20);

struct RushFlags {
  CrowdFlags crowd;
  std::uint32_t stock = 10;
  std::optional<std::uint64_t> line;
  std::uint32_t ingress = 0;
  bool unmerged = false;
  std::string payments;  ///< URL of a payment provider; empty: the one inside the server
  std::string kafka;     ///< brokers; empty: none
  std::string kafka_topic = "dibs.rush";
  std::string data;  ///< empty: a temporary directory
};

/// Adds what the provider's books say of the same orders.
void add_payment_audit(load::Run& run, const std::string& data, const std::string& url) {
  const auto audit = audit_payments(data, url);
  if (!audit) {
    run.broken_elsewhere.push_back({"The payments could not be compared: " + audit.error().what,
                                    "결제를 비교할 수 없었습니다: " + audit.error().what});
    return;
  }
  run.notes.push_back({{"payments", "결제 대조"}, {summary(*audit), summary(*audit)}});
  for (const auto& difference : audit->differences) {
    run.broken_elsewhere.push_back({"Payment: " + difference, "결제: " + difference});
  }
}

Result<load::Run> rush(const RushFlags& flags, load::Options options, const std::string& data,
                       EndOnSignal& end) {
  const std::string token = random_secret();
  std::vector<std::string> arguments = {"--listen",         "127.0.0.1:0",
                                        "--data",           data,
                                        "--ingress",        std::to_string(flags.ingress),
                                        "--insecure-demo",  "--quiet",
                                        "--die-with-parent"};
  if (flags.unmerged) arguments.emplace_back("--unmerged");
  if (!flags.kafka.empty()) {
    arguments.insert(arguments.end(), {"--kafka", flags.kafka, "--kafka-topic", flags.kafka_topic});
  }
  std::vector<std::string> environment = {"DIBS_OPERATOR_TOKENS=rush:" + token};
  if (!flags.payments.empty()) {
    arguments.insert(arguments.end(), {"--payments", flags.payments});
    if (const char* key = std::getenv("DIBS_PAYMENTS_KEY")) {
      environment.push_back(std::string("DIBS_PAYMENTS_KEY=") + key);
    }
  }
  auto server = ServerProcess::start(arguments, environment);
  if (!server) return std::unexpected(server.error());
  end.kill_first({server->pid()});
  const MeasuredSale sale{.id = kSale, .title = "Rush", .stock = flags.stock, .line = flags.line};
  if (auto made = make_sale(*server, token, sale); !made) return std::unexpected(made.error());

  options.sale = kSale;
  options.servers = {server->pid()};
  if (auto set = load::set_url(options, server->address()); !set) {
    return std::unexpected(set.error());
  }
  auto run = load::run(options, progress_line(language_of(flags.crowd.files)));
  if (!run) return run;
  if (!flags.payments.empty()) await_settled(flags.payments, kSettlePatience);
  if (!server->stop(kStopPatience)) {
    run->broken_elsewhere.push_back(
        {"The server did not stop cleanly.", "서버가 제대로 끝나지 않았습니다."});
  }
  end.kill_none();
  add_audit(*run, data);
  if (!flags.payments.empty()) add_payment_audit(*run, data, flags.payments);
  return run;
}

/// A sale of the same name in old data would be another sale: what is judged must be fresh.
Result<void> check_fresh(const std::string& data) {
  std::error_code error;
  if (!std::filesystem::exists(data, error) || std::filesystem::is_empty(data, error)) return {};
  return fault(FaultKind::bad_input, "There is something in " + data + " already.",
               "Give --data a directory that is empty or does not exist.");
}

int run_rush(CLI::App& app, RushFlags& flags) {
  const auto refuse = [](const Fault& fault) {
    complain(fault);
    return status_of(fault);
  };
  const auto options = crowd_options(app, flags.crowd);
  if (!options) return refuse(options.error());
  if (auto fresh = check_fresh(flags.data); !flags.data.empty() && !fresh) {
    return refuse(fresh.error());
  }
  auto temporary = TemporaryDirectory::make();
  if (!temporary) return refuse(temporary.error());
  EndOnSignal end(temporary->path());
  const std::string data = flags.data.empty() ? temporary->path() + "/data" : flags.data;
  auto run = rush(flags, *options, data, end);
  end.kill_none();
  if (!run) return refuse(run.error());
  return report(*run, flags.crowd.files);
}

}  // namespace

Subcommand add_rush(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "rush", "Engine, one sale and its crowd on this machine: table, fairness verdict, audit");
  // Settings that a server has too are called DIBS_RUSH_…: an operator's own must not reach this
  // one.
  auto flags = std::make_shared<RushFlags>();
  flags->crowd.options.strategy = "engine";
  sub->add_option("--stock", flags->stock, "Units for sale, 0 to 10,000,000")
      ->envname("DIBS_STOCK")
      ->check(CLI::Range(0U, 10'000'000U))
      ->capture_default_str();
  sub->add_option("--line", flags->line,
                  "How many may wait, 0 to 1,000,000; 0 is no line; default: 1,000 or 10 x stock")
      ->envname("DIBS_LINE")
      ->check(CLI::Range(0U, 1'000'000U));
  sub->add_option(
         "--ingress", flags->ingress,
         "Threads of the server that read requests, 1 to 64; 0: half of the cores, at most 8")
      ->envname("DIBS_RUSH_INGRESS")
      ->check(CLI::Range(0U, 64U))
      ->capture_default_str();
  sub->add_option("--payments", flags->payments,
                  "URL of a payment provider, such as that of `dibs payments`; its books are "
                  "compared afterwards; default: the one inside the server")
      ->envname("DIBS_RUSH_PAYMENTS");
  sub->add_option("--kafka", flags->kafka,
                  "HOST:PORT of Kafka brokers that the server sends its events to; default: none")
      ->envname("DIBS_RUSH_KAFKA");
  sub->add_option("--kafka-topic", flags->kafka_topic,
                  "The topic for --kafka; each run begins the sale `rush` anew, so a ledger wants "
                  "a topic for each")
      ->envname("DIBS_RUSH_KAFKA_TOPIC")
      ->capture_default_str();
  sub->add_option("--data", flags->data, "Keep the server's data here (default: thrown away)")
      ->envname("DIBS_RUSH_DATA");
  sub->add_flag("--unmerged", flags->unmerged,
                "Number requests without the merge: shows the inversions that it prevents")
      ->envname("DIBS_RUSH_UNMERGED");
  add_crowd_flags(*sub, flags->crowd);
  return {sub, [flags, sub] { return run_rush(*sub, *flags); }};
}

}  // namespace dibs::cli

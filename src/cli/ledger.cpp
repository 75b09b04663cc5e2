#include <signal.h>

#include <CLI/CLI.hpp>

#include <atomic>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"
#include "engine/inspect.h"
#include "ledger/rebuild.h"
#include "ledger/topic_follower.h"

namespace dibs::cli {
namespace {

struct LedgerFlags {
  std::string data = "dibs-data";
  std::string to;
  events::KafkaSettings kafka;
  bool once = false;
  Settings settings;
};

std::atomic<bool> stop_following = false;

/// Ends by SIGTERM or SIGINT between two batches.
void stop_on_signal() {
  for (const int signal_number : {SIGTERM, SIGINT}) {
    struct sigaction action{};
    action.sa_handler = [](int) { stop_following = true; };
    sigaction(signal_number, &action, nullptr);
  }
}

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

int follow(const LedgerFlags& flags) {
  const auto address = ledger::parse_address(flags.to);
  if (!address) return fail_ledger(address.error());
  start_log(LogFormat::text, false);
  stop_on_signal();
  ledger::TopicFollower::Options options;
  options.kafka = flags.kafka;
  options.address = *address;
  options.once = flags.once;
  options.on_warning = [](const std::string& warning) { log_warning(warning); };
  ledger::TopicFollower follower(std::move(options));
  log_info("following " + flags.kafka.topic + " into " + address->shown);
  const auto sum = follower.run(stop_following);
  if (!sum) return fail_ledger(sum.error());
  std::cout << sum->applied << " events applied, " << sum->duplicates << " were there already; "
            << sum->halted.size() << " partitions halted\n";
  return sum->halted.empty() ? kHeld : kBroken;
}

}  // namespace

Subcommand add_ledger(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "ledger",
      "Apply the events of Kafka's topic to SQL tables, until SIGTERM; any number at once");
  sub->require_subcommand(0, 1);
  auto flags = std::make_shared<LedgerFlags>();
  sub->add_option("--kafka", flags->kafka.brokers,
                  "HOST:PORT of Kafka brokers, commas between; no default")
      ->required();
  sub->add_option("--kafka-topic", flags->kafka.topic, "The topic that the servers write")
      ->capture_default_str();
  sub->add_option("--to", flags->to,
                  "The ledger: sqlite:FILE, postgresql://… or mysql://…; no default")
      ->required();
  sub->add_flag("--once", flags->once, "End where the topic ends now; default: wait for more");
  add_settings(*sub, flags->settings);
  auto* anew = sub->add_subcommand(
      "rebuild", "Take every row of a ledger away and write it anew from the journal's events");
  anew->add_option("--data", flags->data, "The server's data directory; it may be running")
      ->capture_default_str();
  anew->add_option("--to", flags->to,
                   "The ledger: sqlite:FILE, postgresql://… or mysql://…; no default")
      ->required();
  return {sub, [flags, sub, anew] {
            if (anew->parsed()) return rebuild(*flags);
            if (auto applied = apply_settings(*sub, flags->settings); !applied) {
              return fail_ledger(applied.error());
            }
            return follow(*flags);
          }};
}

}  // namespace dibs::cli

#include <CLI/CLI.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/loopback.h"
#include "cli/secrets.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"
#include "sandbox/sandbox.h"
#include "webhook/signature.h"

namespace dibs::cli {
namespace {

struct PaymentsFlags {
  std::string listen = "127.0.0.1:8090";
  double decline = 0.2;
  std::string delay = "50ms";
  std::string faults;
  std::string data = ":memory:";
  std::string webhook;
  std::string webhook_secret_file;
  std::uint64_t seed = 1;
  bool die_with_parent = false;
  Settings settings;
};

/// `50ms` or `0.2s`, in milliseconds; nothing when it is neither.
std::optional<double> milliseconds_of(std::string_view text) {
  const bool whole_seconds = text.ends_with("s") && !text.ends_with("ms");
  if (!text.ends_with("s")) return std::nullopt;
  text.remove_suffix(whole_seconds ? 1 : 2);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return whole_seconds ? value * 1000 : value;
}

Result<sandbox::Sandbox::Options> sandbox_options(const PaymentsFlags& flags) {
  sandbox::Sandbox::Options options;
  options.listen = flags.listen;
  options.data = flags.data;
  options.seed = flags.seed;
  options.webhook = flags.webhook;
  options.faults.decline = flags.decline;
  if (!is_loopback(flags.listen)) {
    return fault(FaultKind::bad_input,
                 "The sandbox listens on loopback only, not on " + flags.listen + ".",
                 "Take an address like 127.0.0.1:8090: no money moves here, but its faults are "
                 "anybody's who reaches it.");
  }
  const auto delay = milliseconds_of(flags.delay);
  if (!delay) {
    return fault(FaultKind::bad_input, "--delay " + flags.delay + " is not a time.",
                 "Write it like 50ms or 0.2s.");
  }
  options.faults.delay_ms = *delay;
  if (auto applied = sandbox::apply_faults(flags.faults, options.faults); !applied) {
    return std::unexpected(applied.error());
  }
  if (const char* key = std::getenv("DIBS_PAYMENTS_KEY")) options.api_key = key;
  const auto secrets = read_secrets("DIBS_WEBHOOK_SECRET", flags.webhook_secret_file);
  if (!secrets) return std::unexpected(secrets.error());
  if (!secrets->empty()) options.secret = secrets->front();
  if (!options.webhook.empty()) {
    const auto secret = webhook::Secret::parse(options.secret);
    if (!secret) return std::unexpected(secret.error());
  }
  return options;
}

/// Becomes the same program anew, at the same address: everything that is not in the books is gone.
void start_anew(const PaymentsFlags& flags, const std::string& address) {
  const std::string seed = std::to_string(flags.seed + 1);  // or the same call would restart again
  std::vector<std::string> arguments = {
      "dibs",    "payments",  "--listen",  address,
      "--data",  flags.data,  "--decline", std::to_string(flags.decline),
      "--delay", flags.delay, "--seed",    seed};
  if (!flags.faults.empty()) arguments.insert(arguments.end(), {"--faults", flags.faults});
  if (!flags.webhook.empty()) arguments.insert(arguments.end(), {"--webhook", flags.webhook});
  if (!flags.webhook_secret_file.empty()) {
    arguments.insert(arguments.end(), {"--webhook-secret-file", flags.webhook_secret_file});
  }
  if (flags.die_with_parent) arguments.emplace_back("--die-with-parent");
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv("/proc/self/exe", pointers.data());
  std::_Exit(kUnreachable);
}

int run_payments(CLI::App& app, const PaymentsFlags& flags) {
  if (auto applied = apply_settings(app, flags.settings); !applied) {
    complain(applied.error());
    return kUsage;
  }
  auto options = sandbox_options(flags);
  if (!options) {
    complain(options.error());
    return kUsage;
  }
  if (options->data != ":memory:") {
    options->restart = [&flags](const std::string& address) { start_anew(flags, address); };
  } else if (options->faults.restart > 0) {
    complain({FaultKind::bad_input, "The fault restart needs books that last.",
              "Give --data FILE too."});
    return kUsage;
  }
  if (flags.die_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  sigset_t end_signals;
  sigemptyset(&end_signals);
  sigaddset(&end_signals, SIGTERM);
  sigaddset(&end_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end_signals, nullptr);

  auto sandbox = sandbox::Sandbox::start(std::move(*options), system_clock());
  if (!sandbox) {
    complain(sandbox.error());
    return status_of(sandbox.error().kind);
  }
  const std::string url = "http://" + (*sandbox)->address();
  std::cout << "dibs payments: listening on " << url << '\n'
            << "dibs payments: no money moves here; the page of faults is " << url << "/\n"
            << std::flush;
  int signal_number = 0;
  sigwait(&end_signals, &signal_number);
  return kHeld;
}

}  // namespace

Subcommand add_payments(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "payments", "A sandbox payment provider, with a page on which it can be made to misbehave");
  auto flags = std::make_shared<PaymentsFlags>();
  // Settings that a server has too are called DIBS_PAYMENTS_…
  sub->add_option("--listen", flags->listen, "HOST:PORT on loopback; port 0 takes any free one")
      ->envname("DIBS_PAYMENTS_LISTEN")
      ->capture_default_str();
  sub->add_option("--decline", flags->decline,
                  "Share of payments with the token tok_random that are declined, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  sub->add_option("--delay", flags->delay, "Time before any answer, like 50ms or 0.2s")
      ->capture_default_str();
  sub->add_option("--faults", flags->faults,
                  "What else goes wrong, NAME=SHARE with commas between; default: nothing. Names: "
                  "async error timeout lost restart refuse_capture never_sent duplicate reorder "
                  "late_webhook forged wrong_amount wrong_order stale; late_ms=MILLISECONDS");
  sub->add_option("--data", flags->data,
                  "File that keeps the books over a restart; :memory: keeps nothing")
      ->envname("DIBS_PAYMENTS_DATA")
      ->capture_default_str();
  sub->add_option("--webhook", flags->webhook,
                  "URL where events go; default: where the server that uses the sandbox says");
  sub->add_option("--webhook-secret-file", flags->webhook_secret_file,
                  "File with the secret that signs events, whsec_…; default: DIBS_WEBHOOK_SECRET; "
                  "needed with --webhook");
  sub->add_option("--seed", flags->seed, "Draws the same faults for the same calls")
      ->envname("DIBS_PAYMENTS_SEED")
      ->capture_default_str();
  sub->add_flag("--die-with-parent", flags->die_with_parent)->group("");
  add_settings(*sub, flags->settings);
  return {sub, [flags, sub] { return run_payments(*sub, *flags); }};
}

}  // namespace dibs::cli

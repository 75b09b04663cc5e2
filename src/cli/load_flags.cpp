#include "cli/load_flags.h"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <limits>

#include "cli/exit_status.h"

namespace dibs::cli {
namespace {

void add_size_flags(CLI::App& app, CrowdFlags& flags) {
  load::Options& options = flags.options;
  app.add_option("--buyers", options.buyers, "How many press, 1 to 10,000,000")
      ->envname("DIBS_BUYERS")
      ->check(CLI::Range(1U, load::kBuyersMax))
      ->capture_default_str();
  app.add_option("--connections", options.connections,
                 "Opened before the first press, 1 to 14,900 (a server takes 15,000)")
      ->envname("DIBS_CONNECTIONS")
      ->check(CLI::Range(1U, load::kConnectionsMax))
      ->capture_default_str();
  app.add_option("--entry-failure", options.entry_failure, "Share that gives up before buying")
      ->envname("DIBS_ENTRY_FAILURE")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--payment-failure", options.payment_failure, "Share whose payment is declined")
      ->envname("DIBS_PAYMENT_FAILURE")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Draws who gives up and who fails to pay")
      ->envname("DIBS_SEED")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()).description(""))
      ->capture_default_str();
}

void add_shape_flags(CLI::App& app, CrowdFlags& flags) {
  auto* rate = app.add_option("--rate", flags.rate, "Presses a second, sent when they are due")
                   ->envname("DIBS_RATE")
                   ->check(CLI::PositiveNumber);
  auto* at_once =
      app.add_flag("--at-once", flags.at_once, "All presses due at the first moment (the default)")
          ->envname("DIBS_AT_ONCE")
          ->excludes(rate);
  auto* new_connections =
      app.add_flag("--connection-per-press", flags.options.new_connections,
                   "A new connection for each request, at most 2,000 unanswered at a time")
          ->envname("DIBS_CONNECTION_PER_PRESS");
  app.add_flag("--known-order", flags.known_order,
               "One sender, one press after another, every second one in two segments; at most "
               "14,800 buyers, each with a connection of its own")
      ->envname("DIBS_KNOWN_ORDER")
      ->excludes(rate)
      ->excludes(at_once)
      ->excludes(new_connections);
}

void add_report_flags(CLI::App& app, ReportFiles& files) {
  app.add_option("--json", files.json, "File for the result as one JSON object")
      ->envname("DIBS_JSON");
  app.add_option("--csv", files.csv,
                 files.csv_is_directory ? "Directory for a table of all runs and, for each run, a "
                                          "file of one row a buyer"
                                        : "File for one row a buyer")
      ->envname("DIBS_CSV");
  app.add_option("--html", files.html, "File for the report with charts, self-contained")
      ->envname("DIBS_HTML");
  app.add_option("--lang", files.language, "Language of table and report")
      ->envname("DIBS_LANG")
      ->check(CLI::IsMember({"en", "ko"}))
      ->capture_default_str();
}

}  // namespace

void add_crowd_flags(CLI::App& app, CrowdFlags& flags) {
  add_size_flags(app, flags);
  add_shape_flags(app, flags);
  add_report_flags(app, flags.files);
  add_settings(app, flags.settings);
}

Result<load::Options> crowd_options(CLI::App& app, CrowdFlags& flags) {
  if (auto applied = apply_settings(app, flags.settings); !applied) {
    return std::unexpected(applied.error());
  }
  load::Options options = flags.options;
  // The flags exclude each other; those of a settings file are seen only here.
  const int shapes = (flags.rate ? 1 : 0) + (flags.at_once ? 1 : 0) + (flags.known_order ? 1 : 0);
  if (shapes > 1) {
    return fault(FaultKind::bad_input, "Only one of --rate, --at-once and --known-order can hold.",
                 "Leave the others out.");
  }
  if (flags.rate) {
    options.pacing = load::Pacing::rate;
    options.per_second = *flags.rate;
  }
  if (flags.known_order) {
    options.pacing = load::Pacing::known_order;
    options.connections = options.buyers;
    if (options.buyers > load::kKnownOrderMax) {
      return fault(FaultKind::bad_input, "In a known order each press has a connection of its own.",
                   "Give --buyers of at most 14,800.");
    }
  }
  if (auto writable = check_writable(flags.files); !writable) {
    return std::unexpected(writable.error());
  }
  return options;
}

load::ProgressListener progress_line(load::Language language) {
  if (isatty(STDERR_FILENO) == 0) return {};
  const char* format =
      language == load::Language::korean
          ? "\r%6.2f 초  전송 %llu / %llu, 응답 %llu, 종료 %llu, 구매 %llu "
          : "\r%6.2f s  sent %llu of %llu, answered %llu, finished %llu, paid %llu ";
  return [format](const load::Progress& progress) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    const double seconds = std::chrono::duration<double>(progress.elapsed).count();
    std::fprintf(stderr, format, seconds, number(progress.sent), number(progress.buyers),
                 number(progress.answered), number(progress.finished), number(progress.paid));
    if (progress.over) std::fputs("\n", stderr);
  };
}

int status_of(const Fault& fault) {
  const bool usage = fault.kind == FaultKind::bad_input || fault.kind == FaultKind::not_found;
  return usage ? kUsage : kUnreachable;
}

}  // namespace dibs::cli

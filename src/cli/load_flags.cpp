#include "cli/load_flags.h"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "cli/exit_status.h"
#include "cli/log.h"

namespace dibs::cli {
namespace {

constexpr std::uint32_t kBuyersMax = 10'000'000;
constexpr std::uint32_t kConnectionsMax = 15'000;

Result<void> write_file(const std::string& path, const std::string& bytes) {
  if (path.empty()) return {};
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (!out) {
    return fault(FaultKind::unavailable, "The report " + path + " could not be written.",
                 "Check the directory and the space there.");
  }
  return {};
}

}  // namespace

void add_crowd_flags(CLI::App& app, CrowdFlags& flags) {
  load::Options& options = flags.options;
  app.add_option("--buyers", options.buyers, "How many press, 1 to 10,000,000")
      ->check(CLI::Range(1U, kBuyersMax))
      ->capture_default_str();
  app.add_option("--connections", options.connections, "Opened before the first press, 1 to 15,000")
      ->check(CLI::Range(1U, kConnectionsMax))
      ->capture_default_str();
  app.add_option("--entry-failure", options.entry_failure, "Share that gives up before buying")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--payment-failure", options.payment_failure, "Share whose payment is declined")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Draws who gives up and who fails to pay")
      ->capture_default_str();
  app.add_flag("--connection-per-press", options.new_connections,
               "A new connection for each request, at most 2,000 unanswered at a time");
  app.add_flag("--known-order", flags.known_order,
               "One sender, one press after another, every second one in two segments");
  app.add_option("--json", flags.files.json, "File for the result as one JSON object");
  app.add_option("--csv", flags.files.csv, "File for one row a buyer");
  app.add_option("--html", flags.files.html, "File for the report with charts, self-contained");
  app.add_option("--lang", flags.files.language, "Language of table and report")
      ->check(CLI::IsMember({"en", "ko"}))
      ->capture_default_str();
}

load::Options crowd_options(const CrowdFlags& flags) {
  load::Options options = flags.options;
  if (flags.known_order) {
    options.pacing = load::Pacing::known_order;
    options.connections = options.buyers;
  }
  return options;
}

load::ProgressListener progress_line() {
  if (isatty(STDERR_FILENO) == 0) return {};
  return [](const load::Progress& progress) {
    const double seconds = std::chrono::duration<double>(progress.elapsed).count();
    std::fprintf(stderr, "\r%6.2f s  sent %llu of %llu, answered %llu, finished %llu, paid %llu ",
                 seconds, static_cast<unsigned long long>(progress.sent),
                 static_cast<unsigned long long>(progress.buyers),
                 static_cast<unsigned long long>(progress.answered),
                 static_cast<unsigned long long>(progress.finished),
                 static_cast<unsigned long long>(progress.paid));
    if (progress.finished == progress.buyers) std::fputs("\n", stderr);
  };
}

int report(const load::Run& run, const ReportFiles& files) {
  const auto language = files.language == "ko" ? load::Language::korean : load::Language::english;
  std::cout << load::table(run, language);
  for (const auto& [path, bytes] :
       {std::pair{files.json, files.json.empty() ? std::string() : load::to_json(run)},
        std::pair{files.csv, files.csv.empty() ? std::string() : load::to_csv(run)},
        std::pair{files.html, files.html.empty() ? std::string() : load::to_html(run, language)}}) {
    if (auto written = write_file(path, bytes); !written) {
      complain(written.error());
      return kUnreachable;
    }
    if (!path.empty()) std::cout << "written: " << path << '\n';
  }
  return load::exit_status(run) == 0 ? kHeld : kBroken;
}

}  // namespace dibs::cli

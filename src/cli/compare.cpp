#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/compare_case.h"
#include "cli/end_on_signal.h"
#include "cli/exit_status.h"
#include "cli/load_flags.h"
#include "cli/log.h"
#include "cli/redis_process.h"
#include "cli/server_process.h"
#include "cli/subcommands.h"
#include "load/comparison.h"

namespace dibs::cli {
namespace {

constexpr std::uint32_t kDelayMsMax = 60'000;

struct CompareFlags {
  CrowdFlags crowd;
  std::vector<std::string> strategies = all_strategies();
  std::string baseline;
  std::uint32_t stock = 10;
  std::uint32_t runs = 2;
  std::uint32_t gateways = 1;
  std::uint32_t payment_delay_ms = 0;
  std::uint32_t queue_seconds = 20;
  std::string ledger;
  std::string write_back = "none";
};

/// Flags that do not fit together.
Result<void> check_flags(const CompareFlags& flags) {
  if (!flags.ledger.empty() && flags.write_back == "none") {
    return fault(FaultKind::bad_input, "--ledger is given with --write-back none.",
                 "Leave it out, or say how it follows: --write-back async or sync.");
  }
  if (flags.crowd.options.connections < flags.gateways) {
    return fault(FaultKind::bad_input, "Each gateway needs a connection.",
                 "Give --connections of at least --gateways.");
  }
  return {};
}

/// The strategy that the others are compared with: `lock` where it is among them.
Result<std::string> baseline_of(const CompareFlags& flags) {
  const auto among = [&](const std::string& name) {
    return std::ranges::find(flags.strategies, name) != flags.strategies.end();
  };
  if (flags.baseline.empty()) return among("lock") ? "lock" : flags.strategies.front();
  if (among(flags.baseline)) return flags.baseline;
  return fault(FaultKind::bad_input,
               "--baseline " + flags.baseline + " is not among the strategies compared.",
               "Add it to --strategies, or name one of those.");
}

/// One row of the table.
struct Candidate {
  std::string name;
  std::string strategy;
  std::string write_back;
};

/// With sync each of Dibs' own is measured both ways, one after the other, so that the change
/// between the two is what async is worth. The designs of the past have no ledger.
std::vector<Candidate> candidates_of(const CompareFlags& flags) {
  std::vector<Candidate> out;
  for (const std::string& name : flags.strategies) {
    const bool follows = is_dibs(name) && flags.write_back != "none";
    out.push_back({name, name, follows ? "async" : "none"});
    if (follows && flags.write_back == "sync") out.push_back({name + "-sync", name, "sync"});
  }
  return out;
}

/// Whether there is a redis-server, so that no run is made for nothing.
Result<void> check_redis(const std::vector<Candidate>& candidates, const std::string& directory) {
  const bool needed = std::ranges::any_of(
      candidates, [](const Candidate& one) { return needs_redis(one.strategy); });
  if (!needed) return {};
  const auto redis = RedisProcess::start(directory, RedisProcess::Keeps::nothing);
  if (!redis) return std::unexpected(redis.error());
  return {};
}

Result<load::Comparison> compare(const CompareFlags& flags, const load::Options& options,
                                 EndOnSignal& end, const std::string& directory) {
  load::Comparison all;
  all.options = options;
  all.stock = flags.stock;
  all.runs = flags.runs;
  all.gateways = flags.gateways;
  all.payment_delay = std::chrono::milliseconds(flags.payment_delay_ms);
  all.queue_limit = std::chrono::seconds(flags.queue_seconds);
  all.machine = load::this_machine();
  all.started = system_clock().now();
  all.write_back = flags.write_back;
  const std::vector<Candidate> candidates = candidates_of(flags);
  for (const Candidate& candidate : candidates) {
    all.cases.push_back({.strategy = candidate.name,
                         .promises = is_dibs(candidate.strategy),
                         .unavailable = std::nullopt,
                         .runs = {}});
  }
  if (auto there = check_redis(candidates, directory); !there)
    return std::unexpected(there.error());
  // Round by round, so that what changes on the machine meanwhile meets all alike.
  for (std::uint32_t round = 0; round < flags.runs; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      load::Case& one = all.cases[i];
      if (one.unavailable) continue;
      const CaseWork work{.strategy = candidates[i].strategy,
                          .name = one.strategy,
                          .write_back = candidates[i].write_back,
                          .ledger = flags.ledger,
                          .options = options,
                          .stock = flags.stock,
                          .gateways = needs_redis(candidates[i].strategy) ? flags.gateways : 1,
                          .payment_delay_ms = flags.payment_delay_ms,
                          .queue_limit = all.queue_limit,
                          .directory = directory,
                          .language = language_of(flags.crowd.files)};
      std::cerr << "dibs: " << one.strategy << ", run " << round + 1 << " of " << flags.runs
                << '\n';
      auto run = measure(work, end);
      if (run) {
        one.runs.push_back(std::move(*run));
        continue;
      }
      // Named in the table; the others are measured all the same.
      complain(run.error());
      one.unavailable = load::Sentence{"could not be run: " + run.error().what,
                                       "시험할 수 없었습니다: " + run.error().what};
      one.broke_down = true;
    }
  }
  return all;
}

/// A file of one row a buyer for each run, and one of all runs.
Result<void> write_tables(const load::Comparison& all, const std::string& directory) {
  if (auto done = write_file(directory + "/comparison.csv", load::to_csv(all)); !done) return done;
  for (const load::Case& one : all.cases) {
    for (std::size_t i = 0; i < one.runs.size(); ++i) {
      const std::string path =
          directory + "/" + one.strategy + "-" + std::to_string(i + 1) + ".csv";
      if (auto done = write_file(path, load::to_csv(one.runs[i])); !done) return done;
    }
  }
  return {};
}

int report(const load::Comparison& all, const ReportFiles& files) {
  const auto language = language_of(files);
  std::cout << load::table(all, language);
  bool all_written = true;
  const auto told = [&](const std::string& path, const Result<void>& written) {
    if (!written) {
      complain(written.error());
      all_written = false;
    } else {
      std::cout << (language == load::Language::korean ? "저장: " : "written: ") << path << '\n';
    }
  };
  if (!files.json.empty()) told(files.json, write_file(files.json, load::to_json(all)));
  if (!files.csv.empty()) told(files.csv, write_tables(all, files.csv));
  if (!files.html.empty()) told(files.html, write_file(files.html, load::to_html(all, language)));
  const int status = load::exit_status(all);
  return status == kHeld && !all_written ? kUnreachable : status;
}

int run_compare(CLI::App& app, CompareFlags& flags) {
  const auto refuse = [](const Fault& fault) {
    complain(fault);
    return status_of(fault);
  };
  const auto options = crowd_options(app, flags.crowd);
  if (!options) return refuse(options.error());
  if (auto good = check_flags(flags); !good) return refuse(good.error());
  auto baseline = baseline_of(flags);
  if (!baseline) return refuse(baseline.error());
  auto temporary = TemporaryDirectory::make();
  if (!temporary) return refuse(temporary.error());
  EndOnSignal end(temporary->path());
  auto all = compare(flags, *options, end, temporary->path());
  end.kill_none();
  if (!all) return refuse(all.error());
  all->baseline = *baseline;
  return report(*all, flags.crowd.files);
}

void add_compare_flags(CLI::App& sub, CompareFlags& flags) {
  sub.add_option("--strategies", flags.strategies,
                 "Which to measure, in this order: lock, lock-improved, lock-wait, queue, lua (the "
                 "shop's designs), redis, engine (Dibs)")
      ->envname("DIBS_STRATEGIES")
      ->delimiter(',')
      ->check(CLI::IsMember(all_strategies()).description(""))
      ->capture_default_str();
  sub.add_option("--baseline", flags.baseline,
                 "The one that the others are compared with; default: lock, or the first")
      ->envname("DIBS_BASELINE");
  sub.add_option("--stock", flags.stock, "Units for sale, 1 to 10,000,000")
      ->envname("DIBS_STOCK")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str();
  sub.add_option("--runs", flags.runs, "How often each is measured, 1 to 100")
      ->envname("DIBS_RUNS")
      ->check(CLI::Range(1U, 100U))
      ->capture_default_str();
  sub.add_option("--gateways", flags.gateways,
                 "Servers in front of one Redis, with the buyers spread round robin, 1 to 16; the "
                 "engine always has one")
      ->envname("DIBS_GATEWAYS")
      ->check(CLI::Range(1U, load::kGatewaysMax))
      ->capture_default_str();
  sub.add_option("--payment-delay-ms", flags.payment_delay_ms,
                 "How long each payment takes, the same everywhere, 0 to 60,000")
      ->envname("DIBS_PAYMENT_DELAY_MS")
      ->check(CLI::Range(0U, kDelayMsMax))
      ->capture_default_str();
  sub.add_option("--queue-seconds", flags.queue_seconds,
                 "When a run of queue is ended, whose worker takes one order a second, 1 to 3,600")
      ->envname("DIBS_QUEUE_SECONDS")
      ->check(CLI::Range(1U, 3'600U))
      ->capture_default_str();
  sub.add_option(
         "--ledger", flags.ledger,
         "SQL tables that follow Dibs' orders: sqlite:FILE, postgresql://… or mysql://…, with a "
         "sale of its own for each run; default: a file of SQLite for each run")
      ->envname("DIBS_COMPARE_LEDGER");
  sub.add_option(
         "--write-back", flags.write_back,
         "How the ledger follows: none, async (after the answer), or sync, which measures Dibs "
         "both ways and shows what async is worth")
      ->envname("DIBS_COMPARE_WRITE_BACK")
      ->check(CLI::IsMember({"none", "sync", "async"}))
      ->capture_default_str();
}

}  // namespace

Subcommand add_compare(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "compare", "The shop's designs and Dibs on the same work: one table, one report");
  auto flags = std::make_shared<CompareFlags>();
  flags->crowd.options.connections = 100;
  flags->crowd.files.csv_is_directory = true;
  add_compare_flags(*sub, *flags);
  add_crowd_flags(*sub, flags->crowd);
  return {sub, [flags, sub] { return run_compare(*sub, *flags); }};
}

}  // namespace dibs::cli

#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"
#include "load/load.h"

/// What `dibs load` and `dibs rush` have in common: the crowd, and where its reports go.
namespace dibs::cli {

struct ReportFiles {
  std::string json;
  std::string csv;
  std::string html;
  std::string language = "en";
};

/// Flags of the crowd: buyers, connections, shares of failures, seed, shape.
struct CrowdFlags {
  load::Options options;
  bool known_order = false;
  ReportFiles files;
};

void add_crowd_flags(CLI::App& app, CrowdFlags& flags);

/// The options with the shape of the crowd filled in.
[[nodiscard]] load::Options crowd_options(const CrowdFlags& flags);

/// Shows on standard error how far a run has come, when that is a terminal.
[[nodiscard]] load::ProgressListener progress_line();

/// Prints table and verdict and writes the files asked for. Gives the exit status.
[[nodiscard]] int report(const load::Run& run, const ReportFiles& files);

}  // namespace dibs::cli

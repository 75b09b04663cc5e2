#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/report_files.h"
#include "cli/settings_file.h"
#include "load/load.h"

/// What `dibs load` and `dibs rush` have in common: the crowd, and where its reports go.
namespace dibs::cli {

/// Flags of the crowd: buyers, connections, shares of failures, seed, shape.
struct CrowdFlags {
  load::Options options;
  std::optional<double> rate;
  bool at_once = false;
  bool known_order = false;
  ReportFiles files;
  Settings settings;  ///< set by add_crowd_flags, which comes after all other flags
};

void add_crowd_flags(CLI::App& app, CrowdFlags& flags);

/// Takes what the settings file gives, checks that the flags fit together and that the reports can
/// be written, and fills in the shape of the crowd. Fails with what to correct.
[[nodiscard]] Result<load::Options> crowd_options(CLI::App& app, CrowdFlags& flags);

/// Shows on standard error how far a run has come, when that is a terminal.
[[nodiscard]] load::ProgressListener progress_line(load::Language language);

/// The exit status of a run that could not begin.
[[nodiscard]] int status_of(const Fault& fault);

}  // namespace dibs::cli

#pragma once

#include <string>

#include "base/result.h"
#include "load/load.h"

namespace dibs::cli {

/// Where the reports of a run go; an empty path is a report that nobody wants.
struct ReportFiles {
  std::string json;
  std::string csv;
  std::string html;
  bool csv_is_directory = false;  ///< one file a run; it is made if it is missing
  std::string language = "en";
};

[[nodiscard]] load::Language language_of(const ReportFiles& files);

/// Whether every report can be written, so that no run is made for nothing. Leaves no trace.
[[nodiscard]] Result<void> check_writable(const ReportFiles& files);

/// Writes one file; the fault names it.
[[nodiscard]] Result<void> write_file(const std::string& path, const std::string& bytes);

/// Prints table and verdict and writes the files asked for, all that can be. Gives the exit status.
[[nodiscard]] int report(const load::Run& run, const ReportFiles& files);

}  // namespace dibs::cli
